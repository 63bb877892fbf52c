"""The comparison page: what it says, where it lives, what it costs."""

import datetime as dt

import pytest

from tests.factories import (
    make_comparison,
    make_panel,
    make_price,
    make_review,
    make_source,
    make_tool,
)
from votes.models import Tally

pytestmark = pytest.mark.django_db

YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
TOMORROW = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)


def test_two_tools_that_level_are_a_tie_with_the_difference_that_decides(page):
    avocet = make_tool("avocet", openness="proprietary")
    loupe = make_tool("loupe", openness="open-weights", entry_kind="open-weights")
    make_panel(avocet, ships=4)
    make_panel(loupe, ships=4)
    make_comparison(avocet, loupe, publish_at=YESTERDAY)

    html = page("/compare/avocet-vs-loupe/")

    assert html.count("100% panel ship") == 2
    assert html.count("4 of 4") >= 2
    assert html.count("no votes yet") >= 2
    assert "A tie." in html
    assert "You can run <bdi>Loupe</bdi> yourself (open weights)" in html
    assert "All four ship both" in html
    assert "AI tool comparison" in html
    assert "Which one should you ship with?" in html
    assert "open weights" in html


def test_a_missing_side_says_so(page):
    avocet = make_tool("avocet")
    make_review(avocet, "builder", text="It is a clean primitive.")
    make_comparison(avocet, make_tool("loupe"), publish_at=YESTERDAY)

    html = page("/compare/avocet-vs-loupe/")

    assert "It is a clean primitive." in html
    assert html.count("not reviewed yet") >= 7
    assert "No verdict yet" in html


def test_the_readers_share_comes_with_its_range_and_count(page):
    avocet = make_tool("avocet")
    Tally.objects.update_or_create(
        tool=avocet, defaults={"ships": 12, "skips": 8, "is_settled": True}
    )
    loupe = make_tool("loupe")
    Tally.objects.update_or_create(tool=loupe, defaults={"ships": 5, "skips": 2})

    html = page("/compare/avocet-vs-loupe/")

    assert "60% ship · 95% range 38–79% · 20 reader votes" in html
    assert "Voting readers are not settled." in html
    assert "7 votes, too few to score" in html


def test_prices_stand_side_by_side_with_their_source(page):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_price(avocet, "0.40", source=make_source(title="List"))
    make_price(loupe, "0.10")
    make_price(loupe, None, label="Enterprise", unit="per month")

    html = page("/compare/avocet-vs-loupe/")

    assert "$0.40" in html
    assert "costs 4 times" in html
    assert "on request" in html
    assert 'href="https://example.org/prices"' in html


def test_the_reverse_address_moves_once_to_the_canonical_one(client):
    make_comparison(make_tool("avocet"), make_tool("loupe"), publish_at=YESTERDAY)

    response = client.get("/compare/loupe-vs-avocet/")

    assert (response.status_code, response["Location"]) == (301, "/compare/avocet-vs-loupe/")


def test_a_former_slug_moves_in_either_order(client):
    avocet = make_tool("avocet")
    make_tool("loupe")
    avocet.rename_slug("zebra")

    for address in ("/compare/avocet-vs-loupe/", "/compare/loupe-vs-avocet/"):
        response = client.get(address)
        assert (response.status_code, response["Location"]) == (301, "/compare/loupe-vs-zebra/")


@pytest.mark.parametrize(
    "pair",
    ["avocet-vs-avocet", "avocet-vs-nothing", "avocet-vs-draft", "avocet", "a-vs-b-vs-c", "-vs-"],
)
def test_what_is_no_pair_of_two_published_tools_is_not_found(client, pair):
    make_tool("avocet")
    make_tool("draft", is_published=False)

    assert client.get(f"/compare/{pair}/").status_code == 404


@pytest.mark.parametrize("publish_at", [None, TOMORROW])
def test_an_unpublished_pair_is_shown_without_headline_and_kept_from_indexes(page, publish_at):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_comparison(avocet, loupe, headline="Ship it for the queue.", publish_at=publish_at)

    html = page("/compare/avocet-vs-loupe/")

    assert '<meta name="robots" content="noindex">' in html
    assert "Ship it for the queue." not in html
    assert "<dt>Published</dt>" not in html


def test_a_published_pair_shows_its_headline_and_dates(page):
    make_comparison(
        make_tool("avocet"),
        make_tool("loupe"),
        headline="Ship it for the queue.",
        publish_at=dt.datetime(2026, 11, 9, tzinfo=dt.UTC),
    )

    html = page("/compare/avocet-vs-loupe/")

    assert "noindex" not in html
    assert "Ship it for the queue." in html
    assert '<time datetime="2026-11-09">9 November 2026</time>' in html


def test_texts_are_shown_escaped_and_names_are_isolated(page):
    make_tool("avocet", name="مرصاد", description="<script>alert(1)</script>")
    make_tool("loupe", name="A&B")

    html = page("/compare/avocet-vs-loupe/")

    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "<bdi>مرصاد</bdi>" in html
    assert "A&amp;B" in html


@pytest.mark.parametrize("is_published", [True, False])
def test_the_page_takes_at_most_eight_queries(page, django_assert_max_num_queries, is_published):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    for tool in (avocet, loupe):
        make_panel(tool)
        make_price(tool)
    make_comparison(avocet, loupe, publish_at=YESTERDAY if is_published else None)
    for other in (make_tool(), make_tool(), make_tool()):
        make_comparison(avocet, other, publish_at=YESTERDAY)

    with django_assert_max_num_queries(8):
        page("/compare/avocet-vs-loupe/")


def test_related_pairs_share_a_tool_first(page):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_comparison(make_tool("gull"), make_tool("heron"), publish_at=YESTERDAY)
    make_comparison(avocet, make_tool("ibis"), publish_at=YESTERDAY - dt.timedelta(days=9))
    make_comparison(avocet, loupe, publish_at=YESTERDAY)

    html = page("/compare/avocet-vs-loupe/")
    related = html[html.index('id="related"') :]

    assert related.index("/compare/avocet-vs-ibis/") < related.index("/compare/gull-vs-heron/")
    assert "/compare/avocet-vs-loupe/" not in related


def test_reading_sets_no_cookie(client):
    make_tool("avocet")
    make_tool("loupe")

    response = client.get("/compare/avocet-vs-loupe/")

    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
