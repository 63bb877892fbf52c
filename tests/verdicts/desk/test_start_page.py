"""The desk's first page: everything that is due, and nothing that is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_comparison, make_price, make_review, make_source, make_tool
from tests.verdicts.desk.conftest import make_staff
from tools.models import Correction, Tool
from verdicts.desk.recheck import Recheck, due_for
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


def test_what_waits_for_a_second_pair_of_eyes_says_who_asked(editor: User) -> None:
    writer = make_staff("writer")
    draft = make_tool("a", is_published=False)
    draft.submit(by=writer, now=NOON)
    make_comparison(publish_at=None).submit(by=writer, now=NOON - DAY)
    found = block("Waiting for a second pair of eyes", editor)
    assert found.count == 2
    assert [line.detail for line in found.lines] == ["asked for by writer"] * 2


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


def test_every_block_leads_to_a_page_that_opens(sign_in: SignIn, editor: User) -> None:
    make_comparison(publish_at=None)
    tool = make_tool()
    make_price(tool, effective_on=TODAY - 90 * DAY)
    client = sign_in("editor")
    for found in blocks(editor, now=timezone.now()):
        for address in (found.address, *(line.address for line in found.lines)):
            assert client.get(address).status_code == 200, address


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
