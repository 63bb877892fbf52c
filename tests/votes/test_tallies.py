"""The kept counts follow every step of a vote; so do the first score and the readers' lean."""

import datetime as dt

import pytest

from tests.factories import NOW, make_picks, make_tool, make_votes
from tests.votes.casting import cast, counts
from votes.models import Pick, PickTally, Reason, Status, Tally, Vote
from votes.shares import LEAST_DAYS, LEAST_NETWORK_DAYS

pytestmark = pytest.mark.django_db


def tally(tool):
    return Tally.objects.get(tool=tool)


def test_the_tally_follows_every_step_of_a_vote():
    tool = make_tool()
    voter = cast(tool)
    assert counts(tool) == {"ship": 1, "skip": 0, "held": 0}
    cast(tool, "skip", voter=voter)
    assert counts(tool) == {"ship": 0, "skip": 1, "held": 0}
    Vote.objects.on(tool).of_voter(voter).withdraw(now=NOW)
    assert counts(tool) == {"ship": 0, "skip": 0, "held": 0}
    cast(tool, "ship", voter=voter)
    Vote.objects.all().delete()
    assert counts(tool) == {"ship": 0, "skip": 0, "held": 0}


def test_a_held_vote_stays_held_when_its_choice_changes():
    tool = make_tool()
    voter = cast(tool, reason=Reason.FAST)
    cast(tool, "skip", voter=voter)
    assert counts(tool) == {"ship": 0, "skip": 0, "held": 1}
    Vote.objects.on(tool).of_voter(voter).withdraw(now=NOW)
    assert counts(tool)["held"] == 0


def test_a_deleted_tool_takes_its_votes_and_tallies_along():
    tool, other = make_tool(), make_tool()
    make_votes(tool, ships=3)
    make_picks(tool, other, picks=(1, 1, 1))
    tool.delete()
    assert not Vote.objects.exists()
    assert not Tally.objects.exists()
    assert not PickTally.objects.exists()


def test_a_pick_tally_follows_and_reads_from_either_side():
    one, other = make_tool("alpha"), make_tool("beta")
    make_picks(one, other, picks=(3, 2, 1))
    share = PickTally.objects.get().share_from(other.pk)
    assert (share.first, share.second, share.neither) == (2, 3, 1)
    Pick.objects.filter(choice=Pick.Choice.NEITHER).update(
        status=Status.HELD, reason=Reason.NETWORK_RATE
    )
    assert PickTally.objects.get().counts == {"lower": 3, "higher": 2, "neither": 0, "held": 1}


# --- The first score -----------------------------------------------------------------------


def test_a_first_score_waits_for_ten_networks_on_two_days():
    tool = make_tool()
    tomorrow = NOW + dt.timedelta(days=1)
    for number in range(LEAST_NETWORK_DAYS):
        cast(tool, network=bytes([number]))
        cast(tool, network=bytes([number]))
    assert tally(tool).network_days == LEAST_NETWORK_DAYS
    assert tally(tool).share.words == "20 votes, too new to score"
    assert LEAST_DAYS == 2
    cast(tool, network=b"x", now=tomorrow)
    assert tally(tool).is_settled


def test_two_days_of_nine_networks_are_too_few():
    tool = make_tool()
    for number in range(LEAST_NETWORK_DAYS - 1):
        cast(tool, network=bytes([number]), now=NOW + dt.timedelta(days=number % 2))
    for _ in range(30):
        cast(tool, network=b"\x00")
    assert not tally(tool).is_settled


def test_neither_held_votes_nor_one_voters_changes_settle_a_score():
    tool = make_tool()
    voter = cast(tool, network=b"one")
    for choice in ("skip", "ship"):
        cast(tool, choice, voter=voter)
    Vote.objects.on(tool).of_voter(voter).withdraw(now=NOW)
    cast(tool, voter=voter)
    cast(tool, network=b"two", reason=Reason.NETWORK_RATE)
    assert tally(tool).network_days == 1


def test_a_released_vote_counts_for_the_day_on_which_it_was_cast():
    tool = make_tool()
    cast(tool, network=b"one", reason=Reason.NETWORK_RATE)
    cast(tool, network=b"two", now=NOW + dt.timedelta(days=1))
    Vote.objects.held().update(status=Status.COUNTED)
    assert (tally(tool).network_days, tally(tool).has_two_days) == (2, True)


def test_once_there_a_score_stays():
    tool = make_tool()
    make_votes(tool, ships=20)
    Tally.objects.update(is_settled=True)
    Vote.objects.filter(pk__in=Vote.objects.values("pk")[:15]).delete()
    assert tally(tool).is_settled


# --- The readers' lean ---------------------------------------------------------------------


def test_the_lean_is_kept_at_the_write_and_outlives_its_evidence():
    tool = make_tool()
    make_votes(tool, skips=16, ships=4)
    assert tally(tool).lean == "skip"
    make_votes(tool, ships=5)
    assert tally(tool).lean == "skip"
    make_votes(tool, ships=1)
    assert tally(tool).lean == ""
