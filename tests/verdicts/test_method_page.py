"""The panel and the method: who judges, and by which rules."""

import datetime as dt

import pytest

from tests.factories import make_review, make_tool
from votes.models import MonthOfVotes

pytestmark = pytest.mark.django_db

TODAY = dt.datetime.now(dt.UTC).date()


def test_a_reviewer_shows_every_current_verdict_and_the_ship_rate(page):
    avocet, loupe = make_tool("avocet"), make_tool("loupe")
    make_review(avocet, "founder", "skip", written_on=TODAY - dt.timedelta(days=3))
    make_review(avocet, "founder", "ship", written_on=TODAY)
    make_review(loupe, "founder", "skip", written_on=TODAY)

    html = page("/reviewers/founder/")

    assert "Ships 1 of 2" in html
    assert "50%" in html
    assert html.count("/tools/avocet/") == 1
    assert "Editorial persona" in html
    assert "1 of 2" in page("/reviewers/")


def test_the_method_prints_the_constants_of_the_code(page, monkeypatch):
    monkeypatch.setattr("votes.shares.LEAST_TO_RANK", 4321)
    monkeypatch.setattr("reviews.reasons.LEAST_COMMON_REVIEWERS", 7)

    html = page("/method/")

    assert "ranks from 4321 counted votes" in html
    assert "at least 7 reviewers judged both" in html


def test_the_method_prints_the_public_line_of_every_month(page):
    assert "No vote has been cast yet." in page("/method/")

    MonthOfVotes.objects.create(
        month=dt.date(2026, 3, 1), cast=412, counted=380, held=20, rejected=7
    )
    html = page("/method/")

    assert '<time datetime="2026-03">Mar 2026</time>' in html
    assert "<td>412</td><td>380</td><td>20</td><td>7</td>" in html


def test_the_method_names_the_walls_and_keeps_their_limits_to_itself(page, settings):
    settings.VOTES_TOOL_FRESH = 9871
    html = page("/method/")
    assert "more votes of one network on one tool" in html
    assert "9871" not in html
    assert "9,871" not in html
