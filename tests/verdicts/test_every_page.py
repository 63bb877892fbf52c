"""What every page keeps: words and an address of its own, sound links, few queries, no forms."""

import datetime as dt
import re

import pytest
from django.test import Client

from tests.factories import make_comparison, make_panel, make_price, make_review, make_tool

pytestmark = pytest.mark.django_db

YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)

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
    make_comparison(avocet, loupe, publish_at=YESTERDAY)


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_one_h1_a_canonical_link_and_words_of_its_own(page, address):
    html = page(address)

    assert html.count("<h1") == 1
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{address}">' in html
    for other in set(PAGES) - {address}:
        other_html = page(other)
        for part in ("<title>", '<meta name="description" content="'):
            assert said(html, part) != said(other_html, part)


def test_a_filtered_list_has_a_title_of_its_own(page):
    titles = {
        said(page(f"/tools/{query}"), "<title>")
        for query in (
            "",
            "?openness=proprietary",
            "?price=free",
            "?price=free&openness=proprietary",
        )
    }

    assert len(titles) == 4


def said(html, part):
    return html.split(part, 1)[1].split("<", 1)[0]


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_every_page_links_only_to_what_answers(client, page, address):
    html = page(address)
    for link in set(re.findall(r'href="(/[^"#]*)', html)):
        if not link.startswith("/static/"):
            assert client.get(link).status_code in {200, 302}, link


@pytest.mark.usefixtures("_small_site")
@pytest.mark.parametrize("address", PAGES)
def test_a_page_prints_just_the_drawings_it_uses(page, address):
    html = page(address)
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
def test_a_longer_list_takes_no_more_queries(page, address, queries, django_assert_max_num_queries):
    for _ in range(6):
        one, other = make_tool(), make_tool()
        make_panel(one)
        make_panel(other)
        make_price(one)
        make_comparison(one, other, publish_at=YESTERDAY)

    with django_assert_max_num_queries(queries):
        page(address)


# Feeds, maps and pictures take no form either.
ADDRESSES = [
    *PAGES,
    "/leaderboard/",
    "/search/",
    "/privacy/",
    "/corrections/",
    "/newsletter/issues/",
    "/newsletter/check-your-inbox/",
    "/preview/token/",
    "/feeds/comparisons.atom",
    "/feeds/corrections.atom",
    "/feeds/issues.atom",
    "/sitemap.xml",
    "/robots.txt",
    "/cards/avocet-vs-loupe.png",
    "/healthz",
    "/readyz",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_page_takes_no_form(address, method):
    tool = make_tool("avocet")
    make_review(tool)
    make_comparison(tool, make_tool("loupe"))
    reader = Client(enforce_csrf_checks=True)

    answer = getattr(reader, method)(address)

    assert answer.status_code == 405
    assert answer.cookies == {}
