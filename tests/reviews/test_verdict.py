"""Verdicts read from the database: what is gathered, and by how many queries."""

import datetime as dt

import pytest

from reviews.verdict import standings_of, verdict_of_pair, verdict_on, verdicts_on
from tests.factories import (
    NOW,
    TODAY,
    make_comparison,
    make_panel,
    make_price,
    make_review,
    make_source,
    make_tool,
)
from tools.models import Comparison, Correction
from votes.models import PickTally

pytestmark = pytest.mark.django_db

WEEK = dt.timedelta(days=7)


def a_pair(**fields):
    return make_comparison(make_tool("avocet", name="Avocet"), make_tool("loupe"), **fields)


def the_verdict(comparison):
    return verdict_on(Comparison.objects.with_tools().get(pk=comparison.pk), now=NOW)


def test_a_comparison_stands_in_the_order_of_its_slugs():
    loupe, avocet = make_tool("loupe"), make_tool("avocet")
    verdict = the_verdict(make_comparison(loupe, avocet))
    assert (verdict.first.tool, verdict.second.tool) == (avocet, loupe)
    assert verdict.slug == "avocet-vs-loupe"


def test_the_latest_review_of_each_persona_counts():
    comparison = a_pair()
    make_review(comparison.first, "skeptic", "skip", written_on=TODAY - WEEK)
    make_review(comparison.first, "skeptic", "ship", written_on=TODAY)
    verdict = the_verdict(comparison)
    assert verdict.first.panel.count_words == "1 of 1"
    assert [review.verdict for review in verdict.first.reviews] == ["ship"]


def test_a_review_dated_tomorrow_does_not_count_yet():
    comparison = a_pair()
    make_review(comparison.first, written_on=TODAY + dt.timedelta(days=1))
    assert not the_verdict(comparison).first.panel.is_judged


def test_a_price_effective_tomorrow_is_not_current_yet():
    comparison = a_pair()
    make_price(comparison.first, "1", effective_on=TODAY)
    make_price(comparison.first, "2", effective_on=TODAY + dt.timedelta(days=1))
    [price] = the_verdict(comparison).first.prices.current
    assert price.words == "$1"


def test_all_four_ship_both():
    comparison = a_pair()
    make_panel(comparison.first)
    make_panel(comparison.second)
    verdict = the_verdict(comparison)
    assert verdict.split.sentence == "All four ship both."
    assert verdict.first.panel.words == "100% panel ship"


def test_a_lone_dissenter_and_a_missing_judge_are_named():
    comparison = a_pair()
    make_panel(comparison.first)
    for reviewer, choice in (("builder", "ship"), ("skeptic", "skip"), ("futurist", "ship")):
        make_review(comparison.second, reviewer, choice)
    assert the_verdict(comparison).split.sentence == (
        "All four ship Avocet. The Skeptic alone skips Loupe; the Founder has not reviewed it yet."
    )


def test_what_happened_since_publication_is_counted():
    comparison = a_pair(publish_at=NOW - 2 * WEEK)
    tool = comparison.first
    for day, amount in ((TODAY - 3 * WEEK, "1"), (TODAY - WEEK, "2")):
        make_price(tool, amount, effective_on=day)
    for reviewer in ("builder", "skeptic"):
        make_review(tool, reviewer, "ship", written_on=TODAY - 3 * WEEK)
        make_review(tool, reviewer, "skip", written_on=TODAY - WEEK)
    verdict = the_verdict(comparison)
    assert verdict.since == "1 price change, 2 verdicts changed"
    assert verdict.events[0].on == TODAY - WEEK
    assert "Price change: Avocet, Standard, per 1M input tokens, $1 to $2." in [
        event.text for event in verdict.events
    ]


def test_changes_before_publication_and_a_first_price_are_no_news():
    comparison = a_pair(publish_at=NOW - WEEK)
    make_price(comparison.first, "1", effective_on=TODAY)
    make_review(comparison.first, "builder", "ship", written_on=TODAY)
    assert the_verdict(comparison).since == ""


def test_a_correction_of_the_tool_or_the_pair_stands_in_the_history():
    comparison = a_pair(publish_at=NOW - WEEK)
    other = make_comparison(comparison.first, make_tool("minnow"))
    words = {"since_on": TODAY - WEEK, "published_at": NOW - dt.timedelta(hours=1)}
    Correction.objects.create(tool=comparison.first, wrong="$1.", right="It is $2.", **words)
    Correction.objects.create(comparison=other, wrong="Older.", right="It is newer.", **words)
    verdict = the_verdict(comparison)
    assert [event.text for event in verdict.events] == ["Correction: It is $2. It said: $1."]
    assert verdict.since == "1 correction"


def test_the_dates_are_those_of_current_rows():
    comparison = a_pair()
    make_price(comparison.first, source=make_source(read_on=TODAY - WEEK))
    make_review(comparison.second, written_on=TODAY)
    verdict = the_verdict(comparison)
    assert verdict.checked_days == (TODAY - WEEK,)
    assert verdict.written_days == (TODAY,)
    assert verdict.published_on == TODAY - dt.timedelta(days=1)


def test_picks_follow_the_order_of_the_page_whatever_the_ids():
    loupe, avocet = make_tool("loupe"), make_tool("avocet")
    PickTally.objects.create(
        lower=loupe, higher=avocet, lower_picks=3, higher_picks=5, neither_picks=1
    )
    picks = verdict_of_pair(loupe, avocet, now=NOW).picks
    assert (picks.first, picks.second, picks.neither) == (5, 3, 1)


def test_a_pair_that_no_editor_set_has_a_verdict_all_the_same():
    one, other = make_tool("avocet"), make_tool("loupe")
    make_panel(one)
    make_panel(other, ships=2)
    verdict = verdict_of_pair(other, one, now=NOW)
    assert verdict.answer.line == "Ship Avocet."
    assert (verdict.comparison, verdict.headline, verdict.published_on) == (None, "", None)


def test_a_hundred_verdicts_cost_the_queries_of_one(django_assert_num_queries):
    tools = [make_tool() for _ in range(15)]
    for tool in tools:
        make_review(tool)
        make_price(tool)
    for place, one in enumerate(tools):
        for other in tools[place + 1 :]:
            make_comparison(one, other)
    comparisons = list(Comparison.objects.with_tools())
    assert len(comparisons) == 105
    with django_assert_num_queries(6):
        assert verdict_on(comparisons[0], now=NOW).answer
    with django_assert_num_queries(6):
        assert all(verdict.answer for verdict in verdicts_on(comparisons, now=NOW))
    with django_assert_num_queries(3):
        assert len(standings_of(tools, now=NOW)) == 15


def test_no_comparisons_are_no_verdicts_and_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert verdicts_on([], now=NOW) == []
