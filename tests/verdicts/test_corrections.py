"""Corrections stand on their page, in the feed, and on the pages that they concern."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from tests.factories import make_comparison, make_tool
from tools.models import Correction, Tool

pytestmark = pytest.mark.django_db


def make_correction(**fields: Any) -> Correction:
    made = {
        "wrong": "The licence is MIT.",
        "right": "The licence is Apache-2.0.",
        "since_on": dt.date(2026, 10, 1),
        "published_at": timezone.now() - dt.timedelta(minutes=1),
    } | fields
    return Correction.objects.create(**made)


def test_a_correction_says_what_was_wrong_since_when_and_what_is_right(client: Client) -> None:
    make_correction(tool=make_tool("aider"))
    page = client.get("/corrections/").content.decode()
    assert "The licence is MIT." in page
    assert "1 October 2026" in page
    assert "The licence is Apache-2.0." in page
    assert 'href="/tools/aider/"' in page


def test_the_feed_holds_it_too(client: Client) -> None:
    correction = make_correction(comparison=make_comparison(make_tool("a"), make_tool("b")))
    answer = client.get("/feeds/corrections.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = answer.content.decode()
    assert "The licence is Apache-2.0." in feed
    assert f"#correction-{correction.pk}" in feed
    assert "/compare/a-vs-b/" in feed
    assert "<author><name>Verdicts</name></author>" in feed


def test_it_stands_in_the_history_of_the_comparison(client: Client) -> None:
    one, other = make_tool("aider"), make_tool("cline")
    make_correction(tool=one)
    page = client.get(make_comparison(one, other).get_absolute_url()).content.decode()
    assert "The licence is Apache-2.0." in page


@pytest.mark.parametrize(
    "hidden",
    [
        {"published_at": None},
        {"published_at": timezone.now() + dt.timedelta(days=1)},
        {"tool": "draft"},
    ],
)
def test_drafts_are_not_shown(client: Client, hidden: dict[str, Any]) -> None:
    is_published = hidden.get("tool") != "draft"
    tool = make_tool("aider", is_published=is_published)
    make_correction(**hidden | {"tool": tool})
    for address in ("/corrections/", "/feeds/corrections.atom"):
        assert "Apache" not in client.get(address).content.decode()


def test_without_corrections_the_page_says_so(client: Client) -> None:
    assert "No page has been corrected yet." in client.get("/corrections/").content.decode()


def test_a_correction_concerns_something() -> None:
    with pytest.raises(IntegrityError, match="correction_concerns_a_tool_or_a_comparison"):
        make_correction()


def test_the_desk_says_so_in_words() -> None:
    correction = Correction(wrong="x", right="y", since_on=dt.date(2026, 1, 1))
    with pytest.raises(ValidationError, match="a tool or a comparison"):
        correction.full_clean()


def test_corrections_go_with_their_tool() -> None:
    make_correction(tool=make_tool("aider"))
    Tool.objects.all().delete()
    assert not Correction.objects.exists()


def test_more_than_a_page_of_them_goes_on_over_pages(client: Client) -> None:
    tool = make_tool("aider")
    for _ in range(25):
        make_correction(tool=tool)

    first, second = client.get("/corrections/"), client.get("/corrections/?page=2")

    assert 'href="/corrections/?page=2" rel="next"' in first.content.decode()
    assert second.content.decode().count('id="correction-') == 1
    assert client.get("/corrections/?page=3").status_code == 404
