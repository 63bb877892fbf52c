"""The tool form: dated rows are added and never overwritten; slugs move; drafts wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from reviews.models import Review
from tests.factories import TODAY, make_category, make_price, make_review, make_tool
from tests.verdicts.desk.forms import errors_of, fields_of, send
from tools.models import FormerSlug, PricePoint, Tool

SignIn = Callable[[str], Client]
ADD = "/admin/tools/tool/add/"
LONG_AGO = TODAY - dt.timedelta(days=40)

pytestmark = pytest.mark.django_db


def change(tool: Tool) -> str:
    return reverse("admin:tools_tool_change", args=[tool.pk])


def new_tool() -> dict[str, object]:
    return {
        "name": "Aider",
        "slug": "aider",
        "category": make_category().pk,
        "maker": "Paul Gauthier",
        "tagline": "Pairs with you in the terminal",
        "description": "A program for the terminal.",
        "entry_price": "Free",
        "entry_kind": "open-source",
    }


def test_a_writer_drafts_a_tool_with_a_price_and_four_reviews(sign_in: SignIn) -> None:
    client = sign_in("writer")
    rows = {
        "price_points-0-amount": "12",
        "price_points-0-currency": "USD",
        "price_points-0-unit": "per month",
    }
    for place in range(4):
        rows |= {f"reviews-{place}-verdict": "ship", f"reviews-{place}-text": "Because."}
    answer = send(client, ADD, **new_tool(), **rows)
    assert answer.status_code == 302, errors_of(answer)
    tool = Tool.objects.get(slug="aider")
    assert not tool.is_published
    assert str(tool.edited_by) == "writer"
    today = timezone.localdate()
    assert [point.effective_on for point in tool.price_points.all()] == [today]
    panel = [review.reviewer.slug for review in tool.reviews.order_by("reviewer__position")]
    assert panel == ["builder", "skeptic", "futurist", "founder"]


def test_blank_rows_are_left_out(sign_in: SignIn) -> None:
    answer = send(sign_in("writer"), ADD, **new_tool())
    assert answer.status_code == 302, errors_of(answer)
    assert not PricePoint.objects.exists()
    assert not Review.objects.exists()


def test_a_changed_price_is_a_new_row_dated_today(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    old = make_price(tool, "10", effective_on=LONG_AGO)
    send(sign_in("writer"), change(tool), **{"price_points-0-amount": "12"})
    points = tool.price_points.order_by("effective_on")
    assert [point.amount for point in points] == [Decimal(10), Decimal(12)]
    assert points[0].pk == old.pk
    assert points[1].effective_on == timezone.localdate()


def test_a_changed_price_takes_the_day_that_is_typed(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_price(tool, "10", effective_on=LONG_AGO)
    changed = {"price_points-0-amount": "12", "price_points-0-effective_on": "2026-11-01"}
    send(sign_in("writer"), change(tool), **changed)
    assert tool.price_points.get(amount=12).effective_on == dt.date(2026, 11, 1)


def test_a_second_change_on_one_day_is_refused_in_words(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_price(tool, "10", effective_on=timezone.localdate())
    answer = send(sign_in("writer"), change(tool), **{"price_points-0-amount": "12"})
    assert "of that day already" in errors_of(answer)
    assert tool.price_points.count() == 1


def test_saving_without_a_change_adds_nothing(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_price(tool, "10", effective_on=LONG_AGO)
    make_review(tool, "skeptic", "skip", written_on=LONG_AGO)
    answer = send(sign_in("writer"), change(tool))
    assert answer.status_code == 302, errors_of(answer)
    assert (tool.price_points.count(), tool.reviews.count()) == (1, 1)


def test_a_changed_verdict_is_a_new_review_with_its_note(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_review(tool, "skeptic", "skip", written_on=LONG_AGO)
    changed = {"reviews-0-verdict": "ship", "reviews-0-note": "It was mended."}
    send(sign_in("writer"), change(tool), **changed)
    reviews = tool.reviews.order_by("written_on")
    assert [review.verdict for review in reviews] == ["skip", "ship"]
    assert reviews[1].note == "It was mended."
    assert str(reviews[1].history.get().history_user) == "writer"


def test_the_form_shows_what_holds_now_and_the_personas_that_are_missing(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_price(tool, "10", effective_on=LONG_AGO)
    make_price(tool, "12", effective_on=TODAY - dt.timedelta(days=1))
    make_review(tool, "skeptic", "skip")
    fields = fields_of(sign_in("writer"), change(tool))
    assert fields["price_points-0-amount"] == "12.000000"
    assert fields["price_points-INITIAL_FORMS"] == "1"
    assert fields["reviews-TOTAL_FORMS"] == "4"
    personas = [fields[f"reviews-{place}-reviewer"] for place in range(4)]
    assert len(set(personas)) == 4


def test_a_new_slug_moves_the_tool_and_leaves_a_redirect(sign_in: SignIn) -> None:
    tool = make_tool("smolvlm2-turbo")
    answer = send(sign_in("editor"), change(tool), slug="smolvlm2", tagline="Renamed")
    assert answer.status_code == 302, errors_of(answer)
    tool.refresh_from_db()
    assert (tool.slug, tool.tagline) == ("smolvlm2", "Renamed")
    assert FormerSlug.objects.get().slug == "smolvlm2-turbo"


def test_a_slug_that_leads_elsewhere_is_refused(sign_in: SignIn) -> None:
    make_tool("aider").rename_slug("aider-2")
    answer = send(sign_in("editor"), change(make_tool("cline")), slug="aider")
    assert "since it was renamed" in errors_of(answer)


@pytest.mark.parametrize("slug", ["a-vs-b", "vs-a", "a-vs", "Aider"])
def test_an_impossible_slug_is_refused_in_words(sign_in: SignIn, slug: str) -> None:
    answer = send(sign_in("writer"), ADD, **new_tool() | {"slug": slug})
    assert "slug" in answer.content.decode()
    assert not Tool.objects.exists()


class TestTwoPersons:
    @pytest.fixture(autouse=True)
    def _rule(self, settings: Settings) -> None:
        settings.EDITORIAL_TWO_PERSON = True

    def test_nobody_publishes_what_they_wrote(self, sign_in: SignIn) -> None:
        answer = send(sign_in("editor"), ADD, **new_tool(), is_published="on")
        assert "Somebody else must publish this" in errors_of(answer)
        assert not Tool.objects.exists()

    def test_an_editor_publishes_what_a_writer_asked_for(self, sign_in: SignIn) -> None:
        send(sign_in("writer"), ADD, **new_tool(), _ask="yes")
        tool = Tool.objects.get()
        assert tool.is_waiting
        send(sign_in("editor"), change(tool), is_published="on")
        tool.refresh_from_db()
        assert tool.is_published
        assert not tool.is_waiting

    def test_an_editor_who_adds_a_price_does_not_publish_in_the_same_breath(
        self, sign_in: SignIn
    ) -> None:
        send(sign_in("writer"), ADD, **new_tool(), _ask="yes")
        tool = Tool.objects.get()
        price = {
            "price_points-0-amount": "12",
            "price_points-0-currency": "USD",
            "price_points-0-unit": "per month",
        }
        answer = send(sign_in("editor"), change(tool), is_published="on", **price)
        assert "Somebody else must publish this" in errors_of(answer)
        assert not PricePoint.objects.exists()

    def test_an_editor_who_added_a_price_earlier_leaves_it_to_another(
        self, sign_in: SignIn
    ) -> None:
        send(sign_in("writer"), ADD, **new_tool(), _ask="yes")
        tool = Tool.objects.get()
        price = {
            "price_points-0-amount": "12",
            "price_points-0-currency": "USD",
            "price_points-0-unit": "per month",
        }
        send(sign_in("editor"), change(tool), **price)
        answer = send(sign_in("editor"), change(tool), is_published="on")
        assert "Somebody else must publish this" in errors_of(answer)

    def test_handing_back_tells_the_writer_what_must_change(self, sign_in: SignIn) -> None:
        send(sign_in("writer"), ADD, **new_tool(), _ask="yes")
        tool = Tool.objects.get()
        address = reverse("admin:tools_tool_hand_back", args=[tool.pk])
        sign_in("editor").post(address, {"wanted_change": "Name the licence."})
        tool.refresh_from_db()
        assert not tool.is_waiting
        page = sign_in("writer").get(change(tool)).content.decode()
        assert "Name the licence." in page

    def test_taking_back_needs_one_editor(self, sign_in: SignIn) -> None:
        tool = make_tool()
        fields = fields_of(sign_in("editor"), change(tool))
        del fields["is_published"]
        assert sign_in("editor").post(change(tool), fields).status_code == 302
        tool.refresh_from_db()
        assert not tool.is_published
        assert not tool.is_waiting

    @pytest.mark.parametrize(
        "changed", [{"tagline": "Better"}, {"price_points-0-amount": "12"}], ids=["words", "price"]
    )
    def test_a_change_of_what_readers_see_is_looked_at_by_somebody_else(
        self, sign_in: SignIn, changed: dict[str, str]
    ) -> None:
        tool = make_tool()
        make_price(tool, "10", effective_on=LONG_AGO)
        send(sign_in("editor"), change(tool), **changed)
        tool.refresh_from_db()
        assert tool.is_published
        assert str(tool.submitted_by) == "editor"
        send(sign_in("editor"), change(tool), _accept="yes")
        tool.refresh_from_db()
        assert tool.is_waiting, "nobody looks at their own"
        assert "Looked at, and right" in sign_in("publisher").get(change(tool)).content.decode()
        send(sign_in("publisher"), change(tool), _accept="yes")
        tool.refresh_from_db()
        assert not tool.is_waiting

    def test_whoever_mends_while_looking_leaves_it_to_another(self, sign_in: SignIn) -> None:
        tool = make_tool()
        send(sign_in("editor"), change(tool), tagline="Better")
        send(sign_in("publisher"), change(tool), tagline="Best", _accept="yes")
        tool.refresh_from_db()
        assert str(tool.submitted_by) == "publisher"

    def test_whoever_restores_words_has_written_them(self, sign_in: SignIn) -> None:
        tool = make_tool(tagline="First", is_published=False)
        mine = tool.history.latest()
        send(sign_in("writer"), change(tool), tagline="Second")
        address = reverse("admin:tools_tool_simple_history", args=[tool.pk, mine.pk])
        sign_in("editor").post(address)
        answer = send(sign_in("editor"), change(tool), is_published="on")
        assert "Somebody else must publish this" in errors_of(answer)


def test_alone_an_editor_publishes_where_the_rule_is_off(
    sign_in: SignIn, settings: Settings
) -> None:
    settings.EDITORIAL_TWO_PERSON = False
    send(sign_in("editor"), ADD, **new_tool(), is_published="on")
    assert Tool.objects.get().is_published


def test_the_list_of_tools_takes_the_same_queries_for_one_and_for_fifty(
    sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("editor")
    for _ in range(2):
        make_tool(category=make_category("one"))
    client.get("/admin/tools/tool/")
    with django_assert_num_queries(7) as captured:
        client.get("/admin/tools/tool/")
    for number in range(50):
        make_tool(category=make_category(f"more-{number % 5}"))
    with django_assert_num_queries(len(captured)):
        client.get("/admin/tools/tool/")


class TestWording:
    def ask(self, client: Client, text: str, reviewer: int) -> str:
        fields = {"reviews-1-text": text, "reviews-1-reviewer": reviewer, "reviews-1-id": ""}
        headers = {"HX-Request": "true", "HX-Trigger-Name": "reviews-1-text"}
        answer = client.post("/admin/tools/tool/wording/", fields, headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_a_shared_sentence_is_shown_with_its_share(self, sign_in: SignIn) -> None:
        old = make_review(make_tool("aider"), "skeptic", text="It breaks when the network does.")
        text = "It breaks when the network does. Nothing else is known about it so far."
        hints = self.ask(sign_in("writer"), text, old.reviewer_id)
        assert "It breaks when the network does." in hints
        assert "20%" in hints
        assert "Aider" in hints

    def test_another_reviewers_text_is_no_echo(self, sign_in: SignIn) -> None:
        old = make_review(make_tool("aider"), "skeptic", text="It breaks when the network does.")
        other = make_review(make_tool("cline"), "builder")
        hints = self.ask(sign_in("writer"), old.text, other.reviewer_id)
        assert "Shares no five words" in hints

    def test_staff_without_a_role_get_no_hints(self, sign_in: SignIn) -> None:
        assert sign_in("staff").post("/admin/tools/tool/wording/").status_code == 403
