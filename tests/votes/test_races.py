"""Presses at once, on real connections: one vote, a tally that equals the votes, no error."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests.factories import make_tool
from tests.votes.readers import READING, Reader, pick_path, vote_path
from votes import erasure, holds, recount
from votes.models import AuditEntry, Pick, PickTally, Reason, Tally, Traces, Vote
from votes.queue import held_groups
from votes.voters import form_token

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 50


def at_once(press, arguments):
    """Every call in a thread and on a connection of its own, all let go together."""
    arguments = list(arguments)
    barrier = threading.Barrier(len(arguments))

    def run(argument):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            barrier.wait(timeout=30)
            return press(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


def form_for(subject):
    return form_token(subject, now=timezone.now() - READING)


@pytest.fixture
def tool():
    return make_tool("loupe")


def test_fifty_identical_presses_at_once_are_one_vote(tool):
    fields = {"choice": "ship", "token": form_for(f"tool {tool.slug}")}
    answers = at_once(lambda _: Reader().post(vote_path(tool), fields), range(AT_ONCE))
    assert {answer.status_code for answer in answers} == {303}
    assert Vote.objects.count() == 1
    assert Tally.objects.get().counts == {"ship": 1, "skip": 0, "held": 0}
    assert recount.differences() == []


def test_fifty_mixed_presses_of_one_voter_at_once_are_one_vote_that_equals_the_tally(
    tool, settings
):
    settings.VOTES_CHANGES_PER_DAY = 1000
    token = form_for(f"tool {tool.slug}")
    choices = ["ship", "skip"] * (AT_ONCE // 2)
    answers = at_once(
        lambda choice: Reader().post(vote_path(tool), {"choice": choice, "token": token}), choices
    )
    assert {answer.status_code for answer in answers} == {303}
    vote = Vote.objects.get()
    assert Tally.objects.get().counts == {"ship": 0, "skip": 0, "held": 0} | {vote.box: 1}


def test_first_votes_of_fifty_readers_at_once_are_all_counted(tool, settings):
    settings.VOTES_TOOL_FRESH = 1000
    tokens = [form_for(f"tool {tool.slug}") for _ in range(AT_ONCE)]
    at_once(
        lambda token: Reader().post(vote_path(tool), {"choice": "ship", "token": token}), tokens
    )
    assert Tally.objects.get().ships == AT_ONCE
    assert recount.differences() == []


def test_fifty_picks_at_once_are_one_pick():
    first, second = make_tool("a"), make_tool("b")
    token = form_for(f"pair {first.slug} {second.slug}")
    fields = {"choice": "first", "token": token}
    answers = at_once(lambda _: Reader().post(pick_path(first, second), fields), range(AT_ONCE))
    assert {answer.status_code for answer in answers} == {303}
    assert Pick.objects.count() == 1
    assert PickTally.objects.get().share_from(first.pk).first == 1


def test_votes_decisions_and_erasure_at_once_leave_no_drift_and_no_deadlock(settings):
    settings.VOTES_CHANGES_PER_DAY = 1000
    tools = [make_tool(f"tool-{number}") for number in range(4)]
    voters = [uuid.uuid4() for _ in range(12)]
    now = timezone.now()

    def work(worker):
        for step in range(30):
            tool, voter = tools[(worker + step) % 4], voters[(worker * 7 + step) % 12]
            match (worker + step) % 6:
                case 0:
                    Vote.objects.on(tool).of_voter(voter).withdraw(now=now)
                case 1 if step % 5 == 0:
                    erasure.forget_voter(voter, now=now)
                case 2 if step % 3 == 0:
                    decide_something(step)
                case _:
                    Vote.objects.cast(
                        slug=tool.slug,
                        voter_id=voter,
                        choice=["ship", "skip"][step % 2],
                        traces=Traces(reason=Reason.NETWORK_RATE if step % 3 else Reason.NONE),
                        now=now,
                    )

    def decide_something(step):
        action = [AuditEntry.Action.RELEASED, AuditEntry.Action.REJECTED][step % 2]
        for group in held_groups()[:1]:
            try:
                holds.decide(group.key, action=action, actor="ann", note="Fine.", now=now)
            except holds.NothingHeldError:
                # Another worker was faster.
                continue

    at_once(work, range(16))
    assert recount.differences() == []
    assert Vote.objects.exists()
