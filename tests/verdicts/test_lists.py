"""Home, the lists, the picker and a tool's page: what they show, their filters and pages."""

import datetime as dt

import pytest

from tests.factories import (
    make_category,
    make_comparison,
    make_panel,
    make_price,
    make_review,
    make_source,
    make_tool,
)
from votes.models import Tally

pytestmark = pytest.mark.django_db

TODAY = dt.datetime.now(dt.UTC).date()
YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


def publish(first, second, **fields):
    return make_comparison(first, second, **{"publish_at": YESTERDAY} | fields)


# --- Addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/compare/?category=nothing",
        "/compare/?page=2",
        "/compare/?page=0",
        "/compare/?page=two",
        "/compare/?page=²",
        "/tools/?category=nothing",
        "/tools/?openness=secret",
        "/tools/?price=cheap",
        "/tools/?page=99999999999",
        "/tools/nothing/",
        "/categories/nothing/",
        "/reviewers/nobody/",
        "/reviewers/builder/?page=7",
    ],
)
def test_what_is_not_there_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_page_one_is_the_bare_address(client):
    make_category("agents")

    moved = client.get("/compare/?page=1")
    kept = client.get("/compare/?category=agents&page=1")

    assert (moved.status_code, moved["Location"]) == (302, "/compare/")
    assert kept["Location"] == "/compare/?category=agents"


def test_a_list_has_24_a_page_and_links_to_the_next(page):
    for _ in range(25):
        make_tool()

    first, second = page("/tools/"), page("/tools/?page=2")

    assert "1 to 24" in first
    assert 'href="/tools/?page=2" rel="next"' in first
    assert "25 to 25" in second
    assert '<link rel="canonical" href="http://127.0.0.1:8000/tools/?page=2">' in second


def test_filters_narrow_the_tools_and_stay_in_the_pager(page):
    make_tool("avocet", openness="open-source", entry_kind="open-source")
    make_tool("loupe", openness="proprietary", entry_kind="usage")

    html = page("/tools/?openness=open-source&price=&category=")

    assert "/tools/avocet/" in html
    assert "/tools/loupe/" not in html
    assert 'value="open-source" selected' in html


def test_drafts_appear_nowhere(client, page):
    draft = make_tool("hidden-gem", is_published=False)
    publish(draft, make_tool("avocet"))

    for address in ("/", "/compare/", "/tools/", "/categories/", "/categories/developer-tools/"):
        assert "hidden-gem" not in page(address)
    assert client.get("/tools/hidden-gem/").status_code == 404


def test_a_comparison_is_listed_in_the_category_of_either_tool(page):
    publish(make_tool("avocet", category=make_category("agents")), make_tool("loupe"))

    assert "/compare/avocet-vs-loupe/" in page("/compare/?category=agents")
    assert "/compare/avocet-vs-loupe/" in page("/compare/?category=developer-tools")


@pytest.mark.parametrize("address", ["/compare/", "/tools/", "/leaderboard/"])
def test_an_unknown_order_of_a_list_is_no_page(client, address):
    assert client.get(f"{address}?sort=loudest").status_code == 404


# --- The picker --------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["a=loupe&b=avocet", "a=Avocet&b=LOUPE", "b=avocet&a=old-loupe"])
def test_two_known_tools_move_to_their_page(client, query):
    make_tool("avocet")
    make_tool("old-loupe", name="Loupe").rename_slug("loupe")

    response = client.get(f"/compare/?{query}")

    assert (response.status_code, response["Location"]) == (302, "/compare/avocet-vs-loupe/")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("a=avocet", "A comparison takes two tools."),
        ("a=&b=", "A comparison takes two tools."),
        ("a=avocet&b=avocet", "That is one tool twice."),
        ("a=avocet&b=nothing", "We know no published tool by that name."),
        ("b=%00", "We know no published tool by that name."),
    ],
)
def test_anything_less_gets_the_picker_and_a_plain_sentence(page, query, sentence):
    make_tool("avocet")

    html = page(f"/compare/?{query}")

    assert sentence in html
    assert "noindex" in html


def test_what_was_typed_is_kept(page):
    make_tool("avocet")

    html = page("/compare/?a=avocet&b=no%20such%20tool")

    assert 'value="Avocet"' in html
    assert 'value="no such tool" aria-invalid="true"' in html


# --- Home --------------------------------------------------------------------------------


def test_an_empty_site_says_so(page):
    html = page("/")

    assert "No comparison is published yet." in html


def test_the_latest_verdict_leads_and_the_rest_follow(page):
    publish(make_tool("gull"), make_tool("heron"), publish_at=YESTERDAY - dt.timedelta(days=5))
    publish(make_tool("avocet"), make_tool("loupe"), headline="Ship it for the queue.")

    html = page("/")

    assert html.index("Ship it for the queue.") < html.index('id="recent"')
    assert html.index('id="recent"') < html.index("/compare/gull-vs-heron/")


def test_home_shows_where_panel_and_readers_disagree(page):
    apart, along = make_tool("apart"), make_tool("along")
    for tool, lean in ((apart, "skip"), (along, "ship")):
        make_panel(tool, ships=4)
        Tally.objects.update_or_create(
            tool=tool,
            defaults={"ships": 30, "skips": 90, "is_settled": True, "lean": lean},
        )

    html = page("/")

    assert "Panel says ship; voting readers lean skip" in html
    assert "/tools/apart/" in html
    assert "/tools/along/" not in html


# --- A tool ------------------------------------------------------------------------------


def test_a_tool_shows_its_facts_prices_and_reviews(page):
    tool = make_tool(
        "avocet",
        licence="Apache-2.0",
        website="https://www.avocet.example/start",
        launched_on=dt.date(2025, 7, 22),
        launched_basis="First release in the changelog",
    )
    source = make_source(title="Price list", url="https://example.org/prices")
    make_price(tool, "0.48", effective_on=TODAY - dt.timedelta(days=90), source=source)
    make_price(tool, "0.40", effective_on=TODAY - dt.timedelta(days=30), source=source)
    make_review(tool, "skeptic", "skip", text="Too early.", written_on=TODAY - dt.timedelta(days=9))
    make_review(tool, "skeptic", "ship", text="It has settled.", written_on=TODAY)

    html = page("/tools/avocet/")

    for said in (
        "Apache-2.0",
        ">avocet.example<",
        "22 July 2025",
        "First release in the changelog",
    ):
        assert said in html
    assert "$0.48 from" in html
    assert '<s class="quiet small"><span class="vh">was </span>$0.48</s>' in html
    assert html.index("It has settled.") < html.index("Too early.")
    assert "superseded" in html
    assert html.count("not reviewed yet") == 3


def test_a_changed_slug_moves_the_tool(client):
    make_tool("avocet").rename_slug("zebra")

    response = client.get("/tools/avocet/")

    assert (response.status_code, response["Location"]) == (301, "/tools/zebra/")


def test_a_price_that_never_changed_draws_no_chart(page):
    make_price(make_tool("avocet"), "0.48")

    html = page("/tools/avocet/")

    assert '<figure class="chart">' not in html
    assert "$0.48" in html
