"""A page answers GET and HEAD; any other method is told so, in the site's look."""

import pytest
from django.test import Client

from tests.factories import make_comparison, make_review, make_tool

pytestmark = pytest.mark.django_db

ADDRESSES = [
    "/",
    "/compare/",
    "/compare/avocet-vs-loupe/",
    "/tools/",
    "/tools/avocet/",
    "/categories/",
    "/categories/developer-tools/",
    "/reviewers/",
    "/reviewers/skeptic/",
    "/leaderboard/",
    "/search/",
    "/method/",
    "/privacy/",
    "/corrections/",
    "/newsletter/issues/",
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


@pytest.mark.parametrize("address", ["/compare/", "/tools/", "/leaderboard/"])
def test_an_unknown_order_of_a_list_is_no_page(client, address):
    assert client.get(f"{address}?sort=loudest").status_code == 404
