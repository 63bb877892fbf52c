"""What is held, what the night releases of it, and what staff decide."""

import datetime as dt
import uuid

import pytest

from tests.factories import NOW, make_tool
from tests.votes.casting import counts, hold
from votes import holds
from votes.models import AuditEntry, Pick, PickTally, Reason, Status, Traces, Vote
from votes.queue import held_groups

pytestmark = pytest.mark.django_db

TOMORROW = NOW + dt.timedelta(days=1)
Action = AuditEntry.Action


# --- The night -----------------------------------------------------------------------------


def test_the_night_releases_an_office_that_is_spread_over_tools():
    tools = [make_tool() for _ in range(10)]
    for tool in tools:
        for _ in range(20):
            hold(tool)
    assert holds.release_by_rule(now=TOMORROW) == 200
    assert all(counts(tool) == {"ship": 20, "skip": 0, "held": 0} for tool in tools)
    assert AuditEntry.objects.get().votes == 200


def test_the_night_leaves_what_one_network_heaped_on_one_tool():
    heaped, other = make_tool(), make_tool()
    for _ in range(26):
        hold(heaped)
    for _ in range(5):
        hold(other)
    assert holds.release_by_rule(now=TOMORROW) == 5
    assert counts(heaped) == {"ship": 0, "skip": 0, "held": 26}


def test_the_night_leaves_a_tool_that_got_most_of_a_networks_votes():
    tool = make_tool()
    for _ in range(10):
        hold(tool)
    for _ in range(20):
        hold(make_tool())
    assert holds.release_by_rule(now=TOMORROW) == 20
    assert counts(tool)["held"] == 10


def test_counted_votes_of_the_network_weigh_in():
    tool = make_tool()
    for _ in range(26):
        hold(tool, reason=Reason.NONE)
    hold(tool)
    assert holds.release_by_rule(now=TOMORROW) == 0


@pytest.mark.parametrize("reason", holds.RELEASED_BY_RULE)
def test_a_lonely_reader_is_counted_the_next_day(reason):
    tool = make_tool()
    hold(tool, reason=reason, network=b"home")
    assert holds.release_by_rule(now=NOW) == 0
    assert holds.release_by_rule(now=TOMORROW) == 1
    assert counts(tool) == {"ship": 1, "skip": 0, "held": 0}


def test_a_voter_in_a_rush_waits_for_staff():
    tool = make_tool()
    hold(tool, reason=Reason.VOTER_RATE)
    assert holds.release_by_rule(now=TOMORROW) == 0


def test_a_withdrawn_vote_is_not_released():
    tool, voter = make_tool(), uuid.uuid4()
    hold(tool, voter=voter)
    Vote.objects.on(tool).of_voter(voter).withdraw(now=NOW)
    assert holds.release_by_rule(now=TOMORROW) == 0
    assert Vote.objects.get().status == Status.HELD


def test_the_night_releases_picks_by_the_same_rule():
    one, other = make_tool(), make_tool()
    Pick.objects.cast(
        first=one.slug,
        second=other.slug,
        voter_id=uuid.uuid4(),
        choice="first",
        traces=Traces(reason=Reason.FAST, net_hash=b"home"),
        now=NOW,
    )
    assert PickTally.objects.get().held == 1
    assert holds.release_by_rule(now=TOMORROW) == 1
    assert PickTally.objects.get().share_from(one.pk).first == 1


# --- The staff -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "after"),
    [
        (Action.RELEASED, {"ship": 4, "skip": 1, "held": 0}),
        (Action.REJECTED, {"ship": 1, "skip": 0, "held": 0}),
        (Action.KEPT, {"ship": 1, "skip": 0, "held": 4}),
    ],
)
def test_a_decision_is_one_and_is_written_down(heap, action, after):
    [group] = held_groups()
    assert holds.decide(group.key, action=action, actor="ann", note="An office.", now=NOW) == 4
    assert counts(heap) == after
    assert held_groups() == []
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.note, entry.subject) == (
        "ann",
        action,
        "An office.",
        "loupe",
    )
    assert (entry.votes, len(entry.vote_ids), entry.reason) == (4, 4, Reason.NETWORK_RATE)
    assert entry.before == {"ship": 1, "skip": 0, "held": 4}
    assert entry.after == after
    with pytest.raises(holds.NothingHeldError):
        holds.decide(group.key, action=action, actor="ann", note="Again.", now=NOW)


def test_a_decision_needs_a_note(heap):
    [group] = held_groups()
    with pytest.raises(ValueError, match="note"):
        holds.decide(group.key, action=Action.RELEASED, actor="ann", note=" ", now=NOW)
    assert counts(heap)["held"] == 4


def test_rejected_votes_stay_with_a_reason_and_an_actor(heap):
    [group] = held_groups()
    holds.decide(group.key, action=Action.REJECTED, actor="ann", note="One press.", now=NOW)
    rejected = Vote.objects.filter(status=Status.REJECTED, decision__actor="ann")
    assert rejected.count() == 4


def test_picks_wait_in_the_same_queue():
    one, other = make_tool("zebra"), make_tool("apple")
    for choice in ("first", "first", "second", "neither"):
        Pick.objects.cast(
            first=one.slug,
            second=other.slug,
            voter_id=uuid.uuid4(),
            choice=choice,
            traces=Traces(reason=Reason.VOTER_RATE, net_hash=b"x"),
            now=NOW,
        )
    [group] = held_groups()
    assert group.title == "Zebra vs Apple"
    assert group.held_words == "2 Zebra, 1 Apple, 1 neither"
    holds.decide(group.key, action=Action.RELEASED, actor="ann", note="Fine.", now=NOW)
    share = PickTally.objects.get().share_from(other.pk)
    assert (share.first, share.second, share.neither) == (1, 2, 1)
