"""Every change is kept, readable, and an earlier state comes back without losing later ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_price,
    make_review,
    make_source,
    make_tool,
)
from tests.verdicts.desk.forms import send
from tools.models import Correction, Tool

SignIn = Callable[[str], Client]

pytestmark = pytest.mark.django_db


def page(tool: Tool, name: str, *more: int) -> str:
    return reverse(f"admin:tools_tool_{name}", args=[tool.pk, *more])


@pytest.fixture
def reworded(sign_in: SignIn) -> Tool:
    """A tool whose tagline was 'First', then 'Second', then 'Third'."""
    tool = make_tool("aider", tagline="First", is_published=False)
    for words in ("Second", "Third"):
        send(sign_in("writer"), page(tool, "change"), tagline=words)
    tool.refresh_from_db()
    return tool


def test_history_says_who_changed_what(sign_in: SignIn, reworded: Tool) -> None:
    history = sign_in("writer").get(page(reworded, "history")).content.decode()
    assert "<strong>Tagline</strong>: Second → Third" in history
    assert "writer" in history


def test_restoring_brings_an_earlier_state_back_and_keeps_the_later_ones(
    sign_in: SignIn, reworded: Tool
) -> None:
    earliest = reworded.history.earliest()
    address = page(reworded, "simple_history", earliest.pk)
    shown = sign_in("editor").get(address).content.decode()
    assert "First" in shown
    assert "Third" in shown
    sign_in("editor").post(address)
    reworded.refresh_from_db()
    assert reworded.tagline == "First"
    taglines = [state.tagline for state in reworded.history.all()]
    assert taglines[0] == "First"
    assert {"Second", "Third"} < set(taglines)
    latest = reworded.history.latest()
    assert str(latest.history_user) == "editor"
    assert latest.history_change_reason.startswith("Restored as of")


def test_a_restore_brings_sources_and_category_back(sign_in: SignIn) -> None:
    one, other = make_category("one"), make_category("other")
    tool = make_tool("aider", category=one)
    source = make_source()
    tool.sources.add(source)
    before = tool.history.latest()
    tool.sources.clear()
    tool.category = other
    tool.save()
    sign_in("editor").post(page(tool, "simple_history", before.pk))
    tool.refresh_from_db()
    assert tool.category == one
    assert list(tool.sources.all()) == [source]


def test_a_restore_neither_publishes_nor_moves(sign_in: SignIn) -> None:
    tool = make_tool("aider", tagline="First")
    published = tool.history.latest()
    tool.is_published = False
    tool.save()
    tool.rename_slug("aider-2")
    sign_in("editor").post(page(tool, "simple_history", published.pk))
    tool.refresh_from_db()
    assert (tool.slug, tool.is_published) == ("aider-2", False)


def test_an_impossible_state_is_not_restored(sign_in: SignIn) -> None:
    gone = make_category("gone")
    tool = make_tool("aider", category=gone)
    before = tool.history.latest()
    tool.category = make_category("here")
    tool.save()
    gone.delete()
    answer = sign_in("editor").post(page(tool, "simple_history", before.pk), follow=True)
    assert "Not restored" in answer.content.decode()
    tool.refresh_from_db()
    assert tool.category.slug == "here"


def test_the_history_of_a_tool_tells_of_prices_and_verdicts(sign_in: SignIn) -> None:
    tool = make_tool("aider")
    make_price(tool, "12", label="Team", note="Announced in the changelog.")
    make_review(tool, "skeptic", "skip")
    history = sign_in("writer").get(page(tool, "history")).content.decode()
    assert "Team" in history
    assert "Announced in the changelog." in history
    assert "The Skeptic says skip" in history


@pytest.mark.parametrize("kind", ["tool", "comparison", "correction"])
def test_what_readers_saw_once_is_never_deleted(sign_in: SignIn, kind: str) -> None:
    tool = make_tool("aider")
    comparison = make_comparison(tool)
    correction = Correction.objects.create(
        tool=tool, wrong="No.", right="Yes.", since_on=TODAY, published_at=NOW
    )
    seen = {"tool": tool, "comparison": comparison, "correction": correction}[kind]
    field, hidden = {
        "tool": ("is_published", False),
        "comparison": ("publish_at", None),
        "correction": ("published_at", None),
    }[kind]
    setattr(seen, field, hidden)
    seen.save()
    address = reverse(f"admin:tools_{kind}_delete", args=[seen.pk])
    for role in ("editor", "superuser"):
        assert sign_in(role).post(address, {"post": "yes"}).status_code == 403
    many = {"action": "delete_selected", "_selected_action": [seen.pk], "post": "yes"}
    sign_in("superuser").post(reverse(f"admin:tools_{kind}_changelist"), many)
    seen.refresh_from_db()


def test_a_draft_that_nobody_saw_goes_with_its_prices_and_reviews(sign_in: SignIn) -> None:
    tool = make_tool(is_published=False)
    make_price(tool)
    make_review(tool)
    address = reverse("admin:tools_tool_delete", args=[tool.pk])
    page = sign_in("editor").get(address).content.decode()
    assert "Are you sure" in page
    assert sign_in("writer").post(address, {"post": "yes"}).status_code == 403
    sign_in("editor").post(address, {"post": "yes"})
    assert not Tool.objects.exists()


@pytest.mark.parametrize("row", ["tools_pricepoint", "reviews_review", "tools_source"])
def test_dated_rows_and_sources_are_never_deleted(sign_in: SignIn, row: str) -> None:
    tool = make_tool()
    made = {
        "tools_pricepoint": make_price(tool),
        "reviews_review": make_review(tool),
        "tools_source": make_source(),
    }[row]
    address = reverse(f"admin:{row}_delete", args=[made.pk])
    assert sign_in("superuser").post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("address", ["x/history/", "x/history/1/", "1/history/x/", "9/history/9/"])
def test_a_senseless_version_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in("editor").get(f"/admin/tools/tool/{address}").status_code == 404


def test_a_version_of_another_object_is_not_found(sign_in: SignIn, reworded: Tool) -> None:
    other = make_tool("cline").history.latest()
    answer = sign_in("editor").post(page(reworded, "simple_history", other.pk))
    assert answer.status_code == 404
