"""What there is to say in a week, from the verdicts as they stand."""

import datetime as dt

import pytest

from newsletter.digest import Section
from newsletter.news import digest_for
from tests.factories import (
    NOW,
    TODAY,
    make_comparison,
    make_panel,
    make_review,
    make_tool,
    make_votes,
)
from votes.models import Lean, Tally

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
LONG_AGO = NOW - 4 * WEEK


def digest_at(now, *, since=None, before=None):
    return digest_for(dated_on=now.date(), since=since, before=before or {}, now=now)


def a_pair(first="avocet", second="loupe", **fields):
    """Four of four ship the first, one of four the second."""
    one, other = make_tool(first, name=first.title()), make_tool(second, name=second.title())
    make_panel(one, written_on=LONG_AGO.date())
    make_panel(other, ships=1, written_on=LONG_AGO.date())
    return make_comparison(one, other, **fields)


def said(digest):
    return [(item.section, item.title) for item in digest.items]


def test_the_first_issue_reaches_back_seven_days():
    a_pair("old-a", "old-b", publish_at=NOW - WEEK - DAY)
    a_pair("new-a", "new-b", publish_at=NOW - WEEK + DAY)
    a_pair("next-a", "next-b", publish_at=NOW + DAY)
    digest = digest_at(NOW)
    assert said(digest) == [(Section.NEW, "New-A vs New-B")]
    assert len(digest.answers) == 2


def test_later_issues_begin_where_the_last_one_ended():
    a_pair("told-a", "told-b", publish_at=NOW - 3 * DAY)
    a_pair("new-a", "new-b", publish_at=NOW - DAY)
    before = digest_at(NOW - 2 * DAY).answers
    digest = digest_at(NOW, since=NOW - 2 * DAY, before=before)
    assert said(digest) == [(Section.NEW, "New-A vs New-B")]


def test_a_week_with_nothing_to_say_has_no_digest():
    a_pair(publish_at=LONG_AGO)
    before = digest_at(LONG_AGO + DAY).answers
    assert digest_at(NOW, since=NOW - WEEK, before=before) is None
    assert digest_at(NOW) is None


def test_a_new_comparison_is_told_in_the_words_of_its_page():
    pair = a_pair(headline="Ship the first.", publish_at=NOW - DAY)
    [item] = digest_at(NOW).items
    assert (item.icon, item.ship, item.line) == ("ship", "Avocet", "Ship Avocet.")
    assert item.reason == "The panel, 4 to 1; readers are not settled."
    assert item.headline == "Ship the first."
    assert item.path == pair.get_absolute_url()
    assert [side.panel for side in item.sides] == ["100%, 4 of 4", "25%, 1 of 4"]
    assert [side.community for side in item.sides] == ["no votes yet"] * 2
    assert [side.entry for side in item.sides] == ["Free, free tier"] * 2


def test_an_answer_that_changed_comes_with_its_cause():
    pair = a_pair(publish_at=LONG_AGO)
    before = digest_at(LONG_AGO + DAY).answers
    for reviewer in ("builder", "skeptic", "futurist", "founder"):
        make_review(pair.first, reviewer, "skip", written_on=TODAY - DAY)
    digest = digest_at(NOW, since=NOW - WEEK, before=before)
    assert said(digest) == [(Section.CHANGED, "Avocet vs Loupe")]
    assert digest.lead.line == "Ship Loupe."
    assert digest.lead.cause == (
        "The Builder, on Avocet. Was ship, now skip. 3 more verdicts changed."
    )


def test_an_answer_that_stands_is_not_told_again_whatever_moved():
    pair = a_pair(publish_at=LONG_AGO)
    before = digest_at(LONG_AGO + DAY).answers
    make_review(pair.first, "founder", "skip", written_on=TODAY - DAY)
    assert digest_at(NOW, since=NOW - WEEK, before=before) is None


def test_a_new_disagreement_is_told_once():
    pair = a_pair(publish_at=LONG_AGO)
    before = digest_at(LONG_AGO + DAY).answers
    make_votes(pair.first, ships=4, skips=36)
    Tally.objects.filter(tool=pair.first).update(is_settled=True, lean=Lean.SKIP)
    digest = digest_at(NOW, since=NOW - WEEK, before=before)
    assert said(digest) == [(Section.DISAGREEMENT, "Avocet")]
    assert digest.lead.line.startswith("Panel says ship; voting readers lean skip (probability ")
    assert digest.lead.path == "/tools/avocet/"
    assert digest_at(NOW + WEEK, since=NOW, before=digest.answers) is None


@pytest.mark.parametrize("pairs", [1, 12])
def test_the_queries_do_not_grow_with_the_comparisons(pairs, django_assert_num_queries):
    for number in range(pairs):
        a_pair(f"a-{number}", f"b-{number}", publish_at=NOW - DAY)
    with django_assert_num_queries(7):
        digest_at(NOW)
