"""What the database refuses of votes and picks, and who is not held."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, IntegrityError

from tests.factories import NOW, make_tool, make_votes
from tests.votes.casting import cast, counts
from votes.models import Pick, Reason, Status, Vote

pytestmark = pytest.mark.django_db


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


def test_a_vote_cannot_move_to_another_tool():
    [vote] = make_votes(make_tool(), ships=1)
    with pytest.raises(DatabaseError, match="stays with its tool"):
        Vote.objects.filter(pk=vote.pk).update(tool=make_tool())


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
