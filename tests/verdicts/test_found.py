"""What the site says of itself to robots, readers of feeds, and whoever links to it."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.utils import timezone

from tests.factories import make_category, make_comparison, make_panel, make_price, make_tool
from tools.models import Comparison
from verdicts import sitemaps

ATOM = {"atom": "http://www.w3.org/2005/Atom"}
MAP = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9"}
NASTY = "Heron & <b>sons</b> “3”"

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> Comparison:
    heron = make_tool("heron", name=NASTY, tagline="</script><script>alert(1)</script>")
    plover = make_tool("plover", name="Plover", website="https://example.org/?a=1&b=2")
    make_panel(heron)
    make_panel(plover, ships=1)
    return make_comparison(heron, plover, headline="Ship <i>Heron</i> & go.")


@pytest.fixture
def unpublished(pair):
    """A draft tool, a draft, a scheduled comparison, and one whose tool is a draft."""
    draft = make_tool("draft-tool", is_published=False)
    egret = make_tool("egret")
    make_comparison(pair.first, draft)
    make_comparison(pair.first, egret, publish_at=None)
    make_comparison(pair.second, egret, publish_at=timezone.now() + dt.timedelta(days=1))


def addresses_in_the_map(client) -> dict[str, str]:
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    return {
        url.findtext("map:loc", "", MAP): url.findtext("map:lastmod", "", MAP)
        for url in root.iterfind("map:url", MAP)
    }


def entries_of_the_feed(client) -> list[ElementTree.Element]:
    response = client.get("/feeds/comparisons.atom")
    assert response["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content).findall("atom:entry", ATOM)


@pytest.mark.usefixtures("unpublished")
def test_the_map_holds_published_addresses_only(client):
    addresses = addresses_in_the_map(client)

    assert f"{settings.SITE_URL}/compare/heron-vs-plover/" in addresses
    assert f"{settings.SITE_URL}/tools/egret/" in addresses
    assert f"{settings.SITE_URL}/categories/developer-tools/" in addresses
    assert not [address for address in addresses if "draft" in address or "-vs-egret" in address]
    assert not [address for address in addresses if "egret-vs-" in address]


def test_the_map_leaves_out_a_category_without_a_published_tool(client):
    make_tool(category=make_category("agents"))
    make_tool(category=make_category("drafts-only"), is_published=False)
    make_category("empty")

    categories = [address for address in addresses_in_the_map(client) if "/categories/" in address]

    assert categories == [
        f"{settings.SITE_URL}/categories/",
        f"{settings.SITE_URL}/categories/agents/",
    ]


def test_every_address_of_the_map_answers_and_calls_itself_so(client, pair):
    for address in addresses_in_the_map(client):
        response = client.get(address.removeprefix(settings.SITE_URL))

        assert response.status_code == 200, address
        assert f'<link rel="canonical" href="{address}">' in response.content.decode()


def test_lastmod_is_the_day_of_the_content_and_never_of_a_vote(client, pair):
    address = f"{settings.SITE_URL}/tools/heron/"
    before = addresses_in_the_map(client)[address]
    changed = timezone.now() + dt.timedelta(hours=1)

    make_price(pair.first, created_at=changed)

    after = addresses_in_the_map(client)
    assert before < after[address] == changed.isoformat(timespec="seconds")
    assert after[f"{settings.SITE_URL}/compare/heron-vs-plover/"] == after[address]


def test_a_large_map_is_a_list_of_pages(client, pair, monkeypatch):
    monkeypatch.setattr(sitemaps, "MOST_ADDRESSES", 10)
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    pages = [node.text or "" for node in root.iter(f"{{{MAP['map']}}}loc")]

    assert root.tag.endswith("sitemapindex")
    assert len(pages) == 2
    second = client.get(pages[1].removeprefix(settings.SITE_URL))
    assert b"<urlset" in second.content
    assert b"/tools/plover/" in second.content
    assert client.get("/sitemap.xml?page=3").status_code == 404
    assert client.get("/sitemap.xml?page=x").status_code == 404
    assert client.get("/sitemap.xml?page=000000001999").status_code == 404
    assert client.get(f"/sitemap.xml?page=000000001{'9' * 5000}").status_code == 404


def test_queries_of_the_map_do_not_grow(client, pair, django_assert_num_queries):
    for _ in range(5):
        make_comparison()

    with django_assert_num_queries(18):
        client.get("/sitemap.xml")


@pytest.mark.usefixtures("unpublished")
def test_the_feed_holds_published_comparisons_with_their_answers(client, pair):
    [entry] = entries_of_the_feed(client)

    assert entry.findtext("atom:title", "", ATOM) == f"{NASTY} vs Plover"
    summary = entry.findtext("atom:summary", "", ATOM)
    assert summary.startswith("Ship Heron &amp; &lt;b&gt;sons&lt;/b&gt; “3”.")
    assert summary.endswith("Ship &lt;i&gt;Heron&lt;/i&gt; &amp; go.")
    link = entry.find("atom:link", ATOM)
    assert link is not None
    assert link.get("href") == f"{settings.SITE_URL}/compare/heron-vs-plover/"


def test_an_entry_of_the_feed_stays_the_same_one_when_its_address_moves(client, pair):
    def id_of_the_entry() -> str:
        return entries_of_the_feed(client)[0].findtext("atom:id", "", ATOM)

    before = id_of_the_entry()
    pair.first.rename_slug("grey-heron")

    assert id_of_the_entry() == before


def test_robots_are_shown_the_map_and_kept_from_the_desk(client):
    text = client.get("/robots.txt").content.decode()

    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in text
    assert "Disallow: /admin/" in text


@pytest.mark.parametrize("address", ["/feeds/comparisons.atom", "/sitemap.xml", "/robots.txt"])
def test_they_are_shared_and_set_no_cookie(client, address):
    response = client.get(address)

    assert not response.cookies
    assert "public" in response["Cache-Control"]
    assert client.post(address).status_code == 405


def data_in(page: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert "<" not in text
    return {node["@type"]: node for node in json.loads(text)["@graph"]}


def test_a_tools_page_is_software_and_never_a_rating(client, pair):
    page = client.get("/tools/heron/").content.decode()

    data = data_in(page)

    assert data["SoftwareApplication"]["name"] == NASTY
    assert data["BreadcrumbList"]["itemListElement"][-1]["name"] == NASTY
    assert not re.search(r"rating|Review|Person", json.dumps(data), re.IGNORECASE)


def test_a_pairs_page_lists_its_two_tools(client, pair):
    data = data_in(client.get("/compare/heron-vs-plover/").content.decode())

    assert data["WebPage"]["datePublished"]
    assert [item["item"]["name"] for item in data["ItemList"]["itemListElement"]] == [
        NASTY,
        "Plover",
    ]


def meta(page: str, name: str) -> str:
    found = re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)">', page)
    assert found, name
    return found[1]


def test_a_published_pair_has_a_card_and_another_page_the_sites(client, pair):
    published = client.get("/compare/heron-vs-plover/").content.decode()
    home = client.get("/").content.decode()

    card = f"{settings.SITE_URL}/cards/heron-vs-plover.png"
    assert meta(published, "og:image") == card
    assert meta(published, "og:image:alt").endswith(
        "“3” vs Plover. Ship Heron &amp; &lt;b&gt;sons&lt;/b&gt; “3”."
    )
    assert meta(home, "og:image") == f"{settings.SITE_URL}/cards/site.png"


def test_any_other_pair_has_the_sites_card(client, pair):
    make_tool("egret")

    page = client.get("/compare/egret-vs-heron/").content.decode()

    assert meta(page, "og:image") == f"{settings.SITE_URL}/cards/site.png"


def test_title_and_description_are_escaped_once(client, pair):
    page = client.get("/compare/heron-vs-plover/").content.decode()

    assert "<title>Heron &amp; &lt;b&gt;sons&lt;/b&gt; “3” vs Plover: which one" in page
    assert meta(page, "description").startswith("Ship Heron &amp; &lt;b&gt;sons&lt;/b&gt; “3”.")
