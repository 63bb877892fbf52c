"""Home, lists, tools, categories and the panel: what they show, their filters and pages."""

import datetime as dt
import re

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
from votes.models import MonthOfVotes, Tally

pytestmark = pytest.mark.django_db

TODAY = dt.datetime.now(dt.UTC).date()
YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


def publish(first, second, **fields):
    return make_comparison(first, second, **{"publish_at": YESTERDAY} | fields)


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


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


def test_a_list_has_24_a_page_and_links_to_the_next(client):
    for _ in range(25):
        make_tool()

    first, second = text(client, "/tools/"), text(client, "/tools/?page=2")

    assert "1 to 24" in first
    assert 'href="/tools/?page=2" rel="next"' in first
    assert "25 to 25" in second
    assert '<link rel="canonical" href="http://127.0.0.1:8000/tools/?page=2">' in second


def test_filters_narrow_the_tools_and_stay_in_the_pager(client):
    make_tool("avocet", openness="open-source", entry_kind="open-source")
    make_tool("loupe", openness="proprietary", entry_kind="usage")

    html = text(client, "/tools/?openness=open-source&price=&category=")

    assert "/tools/avocet/" in html
    assert "/tools/loupe/" not in html
    assert 'value="open-source" selected' in html


def test_a_filtered_list_has_a_title_of_its_own(client):
    titles = {
        said(text(client, f"/tools/{query}"), "<title>")
        for query in (
            "",
            "?openness=proprietary",
            "?price=free",
            "?price=free&openness=proprietary",
        )
    }

    assert len(titles) == 4


def test_drafts_appear_nowhere(client):
    draft = make_tool("hidden-gem", is_published=False)
    publish(draft, make_tool("avocet"))

    for address in ("/", "/compare/", "/tools/", "/categories/", "/categories/developer-tools/"):
        assert "hidden-gem" not in text(client, address)
    assert client.get("/tools/hidden-gem/").status_code == 404


def test_a_comparison_is_listed_in_the_category_of_either_tool(client):
    publish(make_tool("avocet", category=make_category("agents")), make_tool("loupe"))

    assert "/compare/avocet-vs-loupe/" in text(client, "/compare/?category=agents")
    assert "/compare/avocet-vs-loupe/" in text(client, "/compare/?category=developer-tools")


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
def test_anything_less_gets_the_picker_and_a_plain_sentence(client, query, sentence):
    make_tool("avocet")

    html = text(client, f"/compare/?{query}")

    assert sentence in html
    assert "noindex" in html


def test_what_was_typed_is_kept(client):
    make_tool("avocet")

    html = text(client, "/compare/?a=avocet&b=no%20such%20tool")

    assert 'value="Avocet"' in html
    assert 'value="no such tool" aria-invalid="true"' in html


# --- Home --------------------------------------------------------------------------------


def test_an_empty_site_says_so(client):
    html = text(client, "/")

    assert "No comparison is published yet." in html


def test_the_latest_verdict_leads_and_the_rest_follow(client):
    publish(make_tool("gull"), make_tool("heron"), publish_at=YESTERDAY - dt.timedelta(days=5))
    publish(make_tool("avocet"), make_tool("loupe"), headline="Ship it for the queue.")

    html = text(client, "/")

    assert html.index("Ship it for the queue.") < html.index('id="recent"')
    assert html.index('id="recent"') < html.index("/compare/gull-vs-heron/")


def test_home_shows_where_panel_and_readers_disagree(client):
    apart, along = make_tool("apart"), make_tool("along")
    for tool, lean in ((apart, "skip"), (along, "ship")):
        make_panel(tool, ships=4)
        Tally.objects.update_or_create(
            tool=tool,
            defaults={"ships": 30, "skips": 90, "is_settled": True, "lean": lean},
        )

    html = text(client, "/")

    assert "Panel says ship; voting readers lean skip" in html
    assert "/tools/apart/" in html
    assert "/tools/along/" not in html


# --- A tool ------------------------------------------------------------------------------


def test_a_tool_shows_its_facts_prices_and_reviews(client):
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

    html = text(client, "/tools/avocet/")

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


def test_a_price_that_never_changed_draws_no_chart(client):
    make_price(make_tool("avocet"), "0.48")

    html = text(client, "/tools/avocet/")

    assert '<figure class="chart">' not in html
    assert "$0.48" in html


# --- The panel and the method ------------------------------------------------------------


def test_a_reviewer_shows_every_current_verdict_and_the_ship_rate(client):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_review(avocet, "founder", "skip", written_on=TODAY - dt.timedelta(days=3))
    make_review(avocet, "founder", "ship", written_on=TODAY)
    make_review(loupe, "founder", "skip", written_on=TODAY)

    html = text(client, "/reviewers/founder/")

    assert "Ships 1 of 2" in html
    assert "50%" in html
    assert html.count("/tools/avocet/") == 1
    assert "Editorial persona" in html
    assert "1 of 2" in text(client, "/reviewers/")


def test_the_method_prints_the_constants_of_the_code(client, monkeypatch):
    monkeypatch.setattr("votes.shares.LEAST_TO_RANK", 4321)
    monkeypatch.setattr("reviews.reasons.LEAST_COMMON_REVIEWERS", 7)

    html = text(client, "/method/")

    assert "ranks from 4321 counted votes" in html
    assert "at least 7 reviewers judged both" in html


# --- What every page keeps ---------------------------------------------------------------

PAGES = [
    "/",
    "/compare/",
    "/compare/avocet-vs-loupe/",
    "/tools/",
    "/tools/avocet/",
    "/categories/",
    "/categories/developer-tools/",
    "/reviewers/",
    "/reviewers/builder/",
    "/method/",
]


@pytest.fixture
def _small_site():
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_panel(avocet)
    publish(avocet, loupe)


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_one_h1_a_canonical_link_and_words_of_its_own(client, address):
    html = text(client, address)

    assert html.count("<h1") == 1
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{address}">' in html
    for other in set(PAGES) - {address}:
        other_html = text(client, other)
        for part in ("<title>", '<meta name="description" content="'):
            assert said(html, part) != said(other_html, part)


def said(html, part):
    return html.split(part, 1)[1].split("<", 1)[0]


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_every_page_links_only_to_what_answers(client, address):
    html = text(client, address)
    for link in set(re.findall(r'href="(/[^"#]*)', html)):
        if not link.startswith("/static/"):
            assert client.get(link).status_code in {200, 302}, link


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_a_page_prints_just_the_drawings_it_uses(client, address):
    html = text(client, address)
    drawn = set(re.findall(r'<symbol id="i-(\w+)"', html))
    used = set(re.findall(r'href="#i-(\w+)"', html))

    assert drawn == (used | {"ship", "skip"} if "box" in used else used)


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 13),
        ("/compare/", 11),
        ("/tools/", 7),
        ("/tools/avocet/", 18),
        ("/categories/developer-tools/", 14),
        ("/reviewers/builder/", 4),
    ],
)
def test_a_longer_list_takes_no_more_queries(
    client, address, queries, django_assert_max_num_queries
):
    for _ in range(6):
        one, other = make_tool(), make_tool()
        make_panel(one)
        make_panel(other)
        make_price(one)
        publish(one, other)

    with django_assert_max_num_queries(queries):
        text(client, address)


def test_the_method_prints_the_public_line_of_every_month(client):
    assert "No vote has been cast yet." in text(client, "/method/")

    MonthOfVotes.objects.create(
        month=dt.date(2026, 3, 1), cast=412, counted=380, held=20, rejected=7
    )
    html = text(client, "/method/")

    assert '<time datetime="2026-03">Mar 2026</time>' in html
    assert "<td>412</td><td>380</td><td>20</td><td>7</td>" in html


def test_the_method_names_the_walls_and_keeps_their_limits_to_itself(client, settings):
    settings.VOTES_TOOL_FRESH = 9871
    page = client.get("/method/").content.decode()
    assert "more votes of one network on one tool" in page
    assert "9871" not in page
    assert "9,871" not in page
