"""Whatever happens to votes, the tallies say what a recount says; and what is wrong is found."""

import datetime as dt
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.factories import NOW, make_picks, make_tool, make_votes
from tools.models import Tool
from votes import erasure, holds, recount
from votes.models import AuditEntry, Pick, PickTally, Reason, Tally, Traces, Vote
from votes.queue import held_groups

pytestmark = pytest.mark.django_db

Action = AuditEntry.Action
VOTERS = [uuid.UUID(int=number, version=5) for number in range(1, 9)]
TOOLS = ["alpha", "beta", "gamma"]
voters, slugs = st.sampled_from(VOTERS), st.sampled_from(TOOLS)
reasons = st.sampled_from([Reason.NONE, Reason.NONE, *Reason])
networks = st.sampled_from([b"home", b"office", None])
days = st.integers(0, 3)


class TheBox(RuleBasedStateMachine):
    """Votes, picks, changes, holds, decisions, nights, erasure and lost tools, in any order."""

    def __init__(self):
        super().__init__()
        Vote.objects.all().delete()
        Pick.objects.all().delete()
        Tally.objects.all().delete()
        PickTally.objects.all().delete()
        Tool.objects.all().delete()
        self.tools = {slug: make_tool(slug) for slug in TOOLS}
        self.now = NOW

    def traces(self, reason, network):
        return Traces(reason=reason, net_hash=network, agent_hash=network)

    @rule(
        voter=voters,
        slug=slugs,
        choice=st.sampled_from(["ship", "skip"]),
        reason=reasons,
        network=networks,
    )
    def cast(self, voter, slug, choice, reason, network):
        Vote.objects.cast(
            slug=self.tools[slug].slug,
            voter_id=voter,
            choice=choice,
            traces=self.traces(reason, network),
            now=self.now,
        )

    @rule(
        voter=voters,
        pair=st.permutations(TOOLS),
        choice=st.sampled_from(["first", "second", "neither"]),
        reason=reasons,
        network=networks,
    )
    def pick(self, voter, pair, choice, reason, network):
        Pick.objects.cast(
            first=pair[0],
            second=pair[1],
            voter_id=voter,
            choice=choice,
            traces=self.traces(reason, network),
            now=self.now,
        )

    @rule(voter=voters, slug=slugs, pair=st.permutations(TOOLS))
    def withdraw(self, voter, slug, pair):
        Vote.objects.on(self.tools[slug]).of_voter(voter).withdraw(now=self.now)
        first, second = self.tools[pair[0]], self.tools[pair[1]]
        Pick.objects.on(first, second).of_voter(voter).withdraw(now=self.now)

    @rule(place=st.integers(0, 5), action=st.sampled_from(list(holds.STATUS_AFTER)))
    def decide(self, place, action):
        for group in held_groups()[place : place + 1]:
            holds.decide(group.key, action=action, actor="ann", note="Looked at.", now=self.now)

    @rule(later=days)
    def night(self, later):
        self.now += dt.timedelta(days=later)
        holds.release_by_rule(now=self.now)

    @rule(later=st.integers(0, 60))
    def erase(self, later):
        self.now += dt.timedelta(days=later)
        erasure.erase_expired(now=self.now)

    @rule(voter=voters)
    def forget(self, voter):
        erasure.forget_voter(voter, now=self.now)

    @rule(slug=slugs)
    def lose_a_tool(self, slug):
        self.tools[slug].delete()
        self.tools[slug] = make_tool(slug)

    @rule()
    def rebuild(self):
        kept = [tally.counts for tally in Tally.objects.order_by("tool")]
        recount.rebuild(actor="test", now=self.now)
        assert [tally.counts for tally in Tally.objects.order_by("tool")] == kept

    @invariant()
    def the_recount_is_silent(self):
        assert recount.differences() == []


def test_two_thousand_random_steps_leave_the_recount_silent():
    run_state_machine_as_test(
        TheBox,
        settings=settings(
            max_examples=25,
            stateful_step_count=80,
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- The command ---------------------------------------------------------------------------


def recount_votes(*options):
    out = StringIO()
    try:
        call_command("recount_votes", *options, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def box():
    tool, other = make_tool("loupe"), make_tool("mistle")
    make_votes(tool, ships=3, skips=1)
    make_picks(tool, other, picks=(2, 1, 1))
    return tool, other


def test_the_recount_is_silent_when_all_is_right(box):
    assert recount_votes() == (0, "")


def test_the_recount_names_every_tally_that_is_wrong(box):
    tool, other = box
    Tally.objects.filter(tool=tool).update(ships=7)
    PickTally.objects.update(held=1)
    Tally.objects.create(tool=other, skips=2)
    code, said = recount_votes()
    assert code == 1
    assert said.splitlines() == [
        "tool loupe: kept 7 ship, 1 skip, 0 held; counted 3 ship, 1 skip, 0 held",
        "tool mistle: kept 0 ship, 2 skip, 0 held; counted 0 ship, 0 skip, 0 held",
        "pair loupe, mistle: kept [2, 1, 1, 1], counted [2, 1, 1, 0] "
        "(first, second, neither, held)",
    ]


def test_a_rebuild_sets_right_what_is_wrong_and_keeps_what_cannot_be_counted_again(box):
    tool, _ = box
    Tally.objects.filter(tool=tool).update(ships=7, is_settled=True, network_days=12)
    PickTally.objects.all().delete()
    code, _ = recount_votes("--rebuild")
    assert code == 0
    assert recount_votes() == (0, "")
    tally = Tally.objects.get(tool=tool)
    assert (tally.ships, tally.is_settled, tally.network_days) == (3, True, 12)
    assert AuditEntry.objects.get().action == Action.REBUILT


def test_a_rebuild_finds_the_lean_in_the_order_of_the_votes():
    tool = make_tool()
    early, late = (NOW - dt.timedelta(days=number) for number in (3, 1))
    # Written late first: the order is that of the votes, not of the rows.
    make_votes(tool, ships=5, created_at=late, changed_at=late)
    make_votes(tool, ships=4, skips=16, created_at=early, changed_at=early)
    Tally.objects.update(lean="")
    recount.rebuild(actor="test", now=NOW)
    assert Tally.objects.get().lean == "skip"
