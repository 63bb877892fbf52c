"""What the database itself holds: one vote a voter, tallies that follow, an audit that stays."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import NOW, make_picks, make_tool, make_votes
from votes.models import AuditEntry, Pick, PickTally, Reason, Status, Tally, Traces, Vote
from votes.shares import LEAST_DAYS, LEAST_NETWORK_DAYS

pytestmark = pytest.mark.django_db


def cast(tool, choice="ship", *, voter=None, now=NOW, network=b"n", **traces):
    voter = voter or uuid.uuid4()
    Vote.objects.cast(
        slug=tool.slug,
        voter_id=voter,
        choice=choice,
        traces=Traces(net_hash=network, agent_hash=b"a", **traces),
        now=now,
    )
    return voter


def tally(tool):
    return Tally.objects.get(tool=tool)


def counts(tool):
    return tally(tool).counts


# --- Constraints ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("vote_is_ship_skip_or_withdrawn", {"choice": 2}),
        ("vote_is_counted_held_or_rejected", {"status": 3, "reason": 1}),
        ("held_or_rejected_vote_has_a_reason", {"status": Status.HELD}),
        ("rejected_vote_names_its_decision", {"status": Status.REJECTED, "reason": 1}),
    ],
)
def test_a_vote_that_makes_no_sense_is_refused(name, fields):
    made = {"choice": 1, "voter": uuid.uuid4(), "created_at": NOW, "changed_at": NOW} | fields
    with pytest.raises(IntegrityError, match=name):
        Vote.objects.create(tool=make_tool(), **made)


def test_a_voter_votes_once_on_a_tool():
    [vote] = make_votes(make_tool(), ships=1)
    with pytest.raises(IntegrityError, match="voter_votes_once_on_a_tool"):
        Vote.objects.create(
            tool=vote.tool, voter=vote.voter, choice=-1, created_at=NOW, changed_at=NOW
        )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("pick_is_of_two_tools_by_id", {"swapped": True}),
        ("pick_is_of_one_of_both_neither_or_withdrawn", {"choice": 4}),
        ("pick_was_shown_with_one_of_both_first", {"shown_first": 3}),
    ],
)
def test_a_pick_that_makes_no_sense_is_refused(name, fields):
    one, other = make_tool(), make_tool()
    lower, higher = (other, one) if fields.pop("swapped", False) else (one, other)
    made = {"choice": 1, "shown_first": 1, "created_at": NOW, "changed_at": NOW} | fields
    with pytest.raises(IntegrityError, match=name):
        Pick.objects.create(lower=lower, higher=higher, voter=uuid.uuid4(), **made)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_audit_is_append_only(verb):
    AuditEntry.objects.create(at=NOW, actor="Ann", action="nightly", votes=1)
    statement = {
        "update": "UPDATE votes_auditentry SET votes = 2",
        "delete": "DELETE FROM votes_auditentry",
    }[verb]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEntry.objects.get().votes == 1


def test_a_staff_decision_has_a_note():
    with pytest.raises(IntegrityError, match="staff_decision_has_a_note"):
        AuditEntry.objects.create(at=NOW, actor="Ann", action="released", votes=1)


# --- The tally -----------------------------------------------------------------------------


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


def test_a_vote_cannot_move_to_another_tool():
    [vote] = make_votes(make_tool(), ships=1)
    with pytest.raises(DatabaseError, match="stays with its tool"):
        Vote.objects.filter(pk=vote.pk).update(tool=make_tool())


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


# --- Established voters --------------------------------------------------------------------


def established(voter):
    for number in range(3):
        cast(make_tool(), voter=voter, now=NOW - dt.timedelta(days=9 - number % 2))
    return voter


def test_an_established_voter_is_not_held():
    tool = make_tool()
    voter = established(uuid.uuid4())
    cast(tool, voter=voter, reason=Reason.NETWORK_RATE, may_be_established=True)
    cast(tool, voter=uuid.uuid4(), reason=Reason.NETWORK_RATE, may_be_established=True)
    assert counts(tool) == {"ship": 1, "skip": 0, "held": 1}


def test_a_new_cookie_makes_no_established_voter():
    tool = make_tool()
    cast(tool, voter=established(uuid.uuid4()), reason=Reason.NETWORK_RATE)
    assert counts(tool)["held"] == 1
