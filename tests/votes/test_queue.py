"""What staff see of held votes: in groups, how they came, and what a release would make of it."""

import datetime as dt

import pytest

from tests.factories import NOW, make_picks, make_tool
from tests.votes.casting import hold
from votes.models import Pick, Reason, Status, Vote
from votes.queue import held_groups

pytestmark = pytest.mark.django_db

TOMORROW = NOW + dt.timedelta(days=1)


def test_the_queue_groups_by_tool_reason_and_day(heap):
    hold(heap, reason=Reason.FAST)
    hold(heap, now=TOMORROW)
    assert [(group.reason, group.day, group.votes) for group in held_groups()] == [
        (Reason.FAST, NOW.date(), 1),
        (Reason.NETWORK_RATE, NOW.date(), 4),
        (Reason.NETWORK_RATE, TOMORROW.date(), 1),
    ]


def test_a_group_says_what_staff_may_know(heap):
    [group] = held_groups()
    assert (group.networks, group.most_of_one_network) == (2, 3)
    assert (group.agents, group.most_of_one_agent) == (2, 3)
    assert (group.title, group.only_here, group.seconds_between) == ("Loupe", 4, 0)
    assert group.held_words == "3 ship, 1 skip"


def test_a_group_shows_what_is_counted_and_what_a_release_would_make_of_it(heap):
    for _ in range(16):
        hold(heap)
    [group] = held_groups()
    assert (group.now_words, group.now_score) == ("1 ship, 0 skip", "1 vote, too few to score")
    assert group.after_words == "20 ship, 1 skip"
    assert group.after_score == "21 votes, too new to score"


def test_a_group_shows_the_hours_of_its_day(heap):
    for minutes in (0, 59, 60):
        hold(heap, now=NOW.replace(hour=3) + dt.timedelta(minutes=minutes))
    [group] = held_groups()
    assert group.hours_words == "03 h: 2, 04 h: 1, 12 h: 4"
    bars = {hour.number: (hour.top, hour.height) for hour in group.hours if hour.votes}
    assert bars == {3: (5, 5), 4: (7.5, 2.5), 12: (0, 10)}
    assert len(group.hours) == 24


def test_a_group_says_how_many_had_voted_on_a_day_before(heap):
    voter = hold(make_tool("mistle"), now=NOW - dt.timedelta(days=1))
    hold(heap, voter=voter)
    hold(heap, voter=hold(make_tool("nib")))
    [_, group, _] = held_groups()
    assert (group.title, group.votes, group.voted_before, group.only_here) == ("Loupe", 6, 1, 4)


def test_without_their_hashes_a_group_still_stands(heap):
    Vote.objects.on(heap).update(net_hash=None, agent_hash=None)
    [group] = held_groups()
    assert (group.networks, group.most_of_one_network) == (0, 0)
    assert group.votes == 4


def test_a_pair_is_told_in_picks():
    one, other = make_tool("alpha"), make_tool("beta")
    make_picks(one, other, picks=(3, 2, 1))
    Pick.objects.filter(choice=Pick.Choice.LOWER).update(
        status=Status.HELD, reason=Reason.VOTER_RATE
    )
    [group] = held_groups()
    assert (group.held_words, group.now_score) == (
        "3 Alpha, 0 Beta, 0 neither",
        "3 picks, too few to score",
    )
    assert group.after_score == "6 picks, too few to score"
