"""The desk's first page: everything that is due, and nothing that is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from newsletter import watch
from newsletter.models import Delivery, MailEvent
from tests.factories import (
    make_comparison,
    make_issue,
    make_price,
    make_review,
    make_sending_issue,
    make_source,
    make_subscriber,
    make_tool,
)
from tests.verdicts.desk.conftest import make_staff
from tools.models import Correction, Tool
from verdicts.desk.recheck import Recheck, due, due_for
from verdicts.desk.start_page import Block, blocks

SignIn = Callable[[str], Client]
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    return make_staff("editor", role="editor")


def block(title: str, user: User) -> Block:
    [found] = [block for block in blocks(user, now=NOON) if block.title == title]
    return found


def test_due_today_is_what_appears_before_midnight(editor: User) -> None:
    make_comparison(make_tool("a"), make_tool("b"), publish_at=NOON + dt.timedelta(hours=3))
    make_comparison(publish_at=NOON + DAY)
    make_comparison(publish_at=NOON - DAY)
    found = block("Due today", editor)
    assert (found.count, [line.label for line in found.lines]) == (1, ["A vs B"])
    assert found.lines[0].detail == "15:00"


def test_what_waits_for_a_second_pair_of_eyes_says_who_asked_and_why(editor: User) -> None:
    writer = make_staff("writer")
    make_tool("a", is_published=False).submit(by=writer, now=NOON)
    make_comparison(publish_at=None).submit(by=writer, now=NOON - DAY)
    make_comparison().submit(by=writer, now=NOON)
    [tool] = block("Tools waiting for a second pair of eyes", editor).lines
    assert tool.detail == "asked for by writer"
    found = block("Comparisons waiting for a second pair of eyes", editor)
    assert [line.detail for line in found.lines] == [
        "asked for by writer",
        "changed in public by writer",
    ]


def test_drafts_show_what_an_editor_asked_to_change(editor: User) -> None:
    draft = make_comparison(publish_at=None)
    draft.hand_back(wanted_change="Name the licence.")
    found = block("Drafts of comparisons", editor)
    assert [line.detail for line in found.lines] == ["Name the licence."]


def test_unpublished_corrections_are_not_forgotten(editor: User) -> None:
    Correction.objects.create(tool=make_tool(), wrong="x", right="y", since_on=TODAY)
    assert block("Corrections to publish", editor).count == 1


def test_staff_without_a_role_see_no_blocks() -> None:
    make_comparison(publish_at=None)
    assert blocks(make_staff("staff"), now=NOON) == []


def fill_the_day() -> None:
    """Something in every block that the clock, the editors or the email can fill."""
    now, writer = timezone.now(), make_staff("writer")
    long_ago, old = now.date() - 400 * DAY, now.date() - 90 * DAY
    make_comparison(publish_at=now + dt.timedelta(seconds=30))
    make_comparison(publish_at=now + 3 * DAY)
    make_comparison(publish_at=None).submit(by=writer, now=now)
    make_comparison().submit(by=writer, now=now)
    make_tool(is_published=False)
    make_tool(is_published=False).submit(by=writer, now=now)
    make_tool().submit(by=writer, now=now)
    stale = make_tool("stale", replaced_by=make_tool("new"))
    make_comparison(stale)
    make_price(stale, "10", effective_on=long_ago, source=None)
    make_price(stale, "12", effective_on=old, source=None)
    make_review(stale, written_on=long_ago)
    make_review(make_tool(), written_on=long_ago)
    Correction.objects.create(tool=stale, wrong="x", right="y", since_on=long_ago)
    make_issue()


def test_each_block_counts_exactly_the_rows_of_the_list_that_it_leads_to(sign_in: SignIn) -> None:
    fill_the_day()
    client = sign_in("publisher")
    shown = blocks(User.objects.get(username="publisher"), now=timezone.now())
    listed = {
        address: client.get(address).context["cl"].result_count
        for block in shown
        for address in (
            block.address,
            *(line.address for line in block.lines if "?" in line.address),
        )
        if "?" in address
    }
    counted = {block.address: block.count for block in shown if "?" in block.address}
    counted |= {
        line.address: int(line.detail)
        for block in shown
        for line in block.lines
        if "?" in line.address
    }
    assert len(counted) >= 11
    assert 0 not in counted.values()
    assert listed == counted


def test_every_line_leads_to_a_page_that_opens(sign_in: SignIn) -> None:
    fill_the_day()
    client = sign_in("publisher")
    for found in blocks(User.objects.get(username="publisher"), now=timezone.now()):
        for line in found.lines:
            assert client.get(line.address).status_code == 200, line


def test_the_last_problems_are_stopped_issues_failed_sends_and_bounces_over_the_line(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "JUDGED_FROM", 2)
    readers = [make_subscriber() for _ in range(5)]
    issue = make_sending_issue(*readers)
    issue.pause(reason="Paused by ada.")
    states = [Delivery.State.SENT] * 2 + [Delivery.State.FAILED] * 2 + [Delivery.State.AMBIGUOUS]
    for reader, state in zip(readers, states, strict=True):
        issue.deliveries.filter(subscriber=reader).update(state=state, sent_at=NOON, reply="550")
    MailEvent.objects.create(
        provider="postal", event_id="1", kind=MailEvent.Kind.BOUNCED, issue=issue, at=NOON
    )
    client = sign_in("publisher")
    found = block("Last problems", User.objects.get(username="publisher"))
    paused, failed, doubtful, bounced = found.lines
    assert paused.detail == "paused: Paused by ada."
    assert failed.detail == "2"
    assert client.get(failed.address).content.decode().count("<td>550</td>") == 2
    assert doubtful.detail == "1"
    assert bounced.label.startswith("Bounced for good, over the line")
    assert bounced.detail == "1 of 2 mails bounced."
    assert client.get(bounced.address).context["cl"].result_count == 1


def test_the_page_takes_the_same_queries_for_any_size(
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = sign_in("editor")
    client.get("/admin/")
    with django_assert_max_num_queries(30) as captured:
        client.get("/admin/")
    writer = make_staff("writer")
    for _ in range(12):
        make_comparison(publish_at=None).submit(by=writer, now=NOON)
        make_comparison(publish_at=timezone.now() + dt.timedelta(seconds=60))
        make_tool(is_published=False).submit(by=writer, now=NOON)
        make_price(make_tool(), effective_on=TODAY - 400 * DAY)
    with django_assert_num_queries(len(captured)):
        client.get("/admin/")


class TestRecheck:
    def due(self, reason: Recheck) -> list[Tool]:
        return list(due_for(reason, on=TODAY))

    def test_a_price_is_due_thirty_days_after_its_source_was_read(self) -> None:
        fresh, stale = make_tool("fresh"), make_tool("stale")
        long_ago = TODAY - 300 * DAY
        read = {fresh: TODAY - 30 * DAY, stale: TODAY - 31 * DAY}
        for tool, day in read.items():
            make_price(tool, effective_on=long_ago, source=make_source(read_on=day))
        assert self.due(Recheck.PRICE) == [stale]

    def test_an_observed_price_is_as_old_as_its_observation(self) -> None:
        stale = make_tool("stale")
        make_price(stale, effective_on=TODAY - 31 * DAY, source=None)
        make_price(make_tool("fresh"), effective_on=TODAY - 30 * DAY, source=None)
        assert self.due(Recheck.PRICE) == [stale]

    def test_one_fresh_reading_of_the_list_is_enough(self) -> None:
        tool = make_tool()
        make_price(tool, label="Old", effective_on=TODAY - 90 * DAY, source=None)
        make_price(tool, label="New", effective_on=TODAY, source=None)
        assert self.due(Recheck.PRICE) == []

    def test_a_verdict_is_due_after_half_a_year(self) -> None:
        stale, fresh = make_tool("stale"), make_tool("fresh")
        make_review(stale, written_on=TODAY - 181 * DAY)
        make_review(fresh, "builder", written_on=TODAY - 300 * DAY)
        make_review(fresh, "skeptic", written_on=TODAY - 180 * DAY)
        assert self.due(Recheck.VERDICT) == [stale]

    def test_a_price_that_changed_after_the_verdict_makes_it_due(self) -> None:
        changed, same, judged_since = make_tool("changed"), make_tool("same"), make_tool("since")
        for tool in (changed, judged_since):
            make_price(tool, "10", effective_on=TODAY - 90 * DAY)
            make_price(tool, "12", effective_on=TODAY - 10 * DAY)
        make_price(same, "10", effective_on=TODAY - 10 * DAY)
        for tool, days in ((changed, 20), (same, 20), (judged_since, 5)):
            make_review(tool, written_on=TODAY - days * DAY)
        assert self.due(Recheck.PRICE_CHANGED) == [changed]

    def test_a_price_to_come_makes_nothing_due(self) -> None:
        tool = make_tool()
        make_price(tool, "10", effective_on=TODAY - 90 * DAY)
        make_price(tool, "12", effective_on=TODAY + DAY)
        make_review(tool, written_on=TODAY - 20 * DAY)
        assert self.due(Recheck.PRICE_CHANGED) == []

    def test_a_replaced_tool_is_due_while_it_is_compared(self) -> None:
        new = make_tool("new")
        compared, alone = make_tool("old", replaced_by=new), make_tool("older", replaced_by=new)
        make_comparison(new, compared)
        make_comparison(new, alone, publish_at=None)
        assert self.due(Recheck.RETIRED) == [compared]

    def test_a_tool_that_is_due_for_two_reasons_counts_once(self) -> None:
        stale = make_tool()
        make_price(stale, effective_on=TODAY - 31 * DAY, source=None)
        make_review(stale, written_on=TODAY - 181 * DAY)
        assert list(due(on=TODAY)) == [stale]

    @pytest.mark.parametrize("reason", Recheck)
    def test_drafts_are_not_due(self, reason: Recheck) -> None:
        draft = make_tool(is_published=False, replaced_by=make_tool())
        make_price(draft, "10", effective_on=TODAY - 90 * DAY, source=None)
        make_price(draft, "12", effective_on=TODAY - 80 * DAY, source=None)
        make_review(draft, written_on=TODAY - 200 * DAY)
        make_comparison(draft, make_tool())
        assert self.due(reason) == []

    def test_the_list_of_tools_is_filtered_by_it(self, sign_in: SignIn) -> None:
        make_review(make_tool(), written_on=timezone.localdate() - 200 * DAY)
        make_tool()
        answer = sign_in("writer").get("/admin/tools/tool/", {"recheck": "verdict"})
        assert answer.context["cl"].result_count == 1
