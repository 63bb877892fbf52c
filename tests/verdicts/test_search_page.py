"""The search page."""

from __future__ import annotations

import pytest

from tests.factories import make_comparison, make_panel, make_tool

pytestmark = pytest.mark.django_db


def page_for(client, words: str) -> str:
    response = client.get("/search/", {"q": words})
    assert response.status_code == 200
    assert not response.cookies
    return str(response.content.decode())


def test_tools_and_comparisons_are_listed_with_their_standings(client):
    heron = make_tool("heron", name="Heron & <b>sons</b>")
    make_panel(heron)
    make_comparison(heron, make_tool("plover"))

    page = page_for(client, "heron")

    assert '<h2 id="tools-found">1 tool</h2>' in page
    assert "Heron &amp; &lt;b&gt;sons&lt;/b&gt;" in page
    assert "4 of 4" in page
    assert '<a href="/compare/heron-vs-plover/">' in page
    assert '<meta name="robots" content="noindex">' in page


def test_a_near_name_is_said_to_be_near(client):
    make_tool("heron", name="Heron")

    assert "Nothing is spelled “<bdi>hreon</bdi>”; this is the nearest." in page_for(
        client, "hreon"
    )


def test_a_pair_that_nobody_compared_gets_a_link(client):
    make_tool("heron", name="Heron")
    make_tool("plover", name="Plover")

    assert 'href="/compare/?a=heron&amp;b=plover"' in page_for(client, "plover vs heron")


@pytest.mark.parametrize(
    "words", ["", "quantum toaster", "<script>alert(1)</script>", "\x00", "x" * 9_000]
)
def test_what_is_not_found_gets_help(client, words):
    page = page_for(client, words)

    assert "Try a tool’s name" in page
    assert "<script>alert" not in page


def test_odd_bytes_in_the_address_are_no_error(client):
    assert client.get("/search/?q=%ff%fe&q=%00").status_code == 200
    assert client.get("/search/?page=2&other=1").status_code == 200
    assert client.post("/search/").status_code == 405


def test_queries_are_counted(client, django_assert_num_queries):
    for number in range(6):
        make_comparison(make_tool(name=f"Heron {number}"), make_tool(name=f"Other {number}"))
    page_for(client, "heron")

    with django_assert_num_queries(14):
        page_for(client, "heron")
