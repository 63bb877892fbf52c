"""The comparison form: the pair in plain words, the hour, the answer beside it, the preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories import make_comparison, make_panel, make_review, make_tool
from tests.verdicts.desk.forms import errors_of, send
from tools.models import Comparison, Tool
from verdicts.desk import preview
from verdicts.desk.preview import preview_address

SignIn = Callable[[str], Client]
ADD = "/admin/tools/comparison/add/"

pytestmark = pytest.mark.django_db


def change(comparison: Comparison) -> str:
    return reverse("admin:tools_comparison_change", args=[comparison.pk])


@pytest.fixture
def pair() -> tuple[Tool, Tool]:
    one, other = make_tool("aider"), make_tool("cline")
    make_panel(one, ships=4)
    make_panel(other, ships=1)
    return one, other


def chosen(one: Tool, other: Tool) -> dict[str, int]:
    return {"first": one.pk, "second": other.pk}


def test_one_tool_twice_is_refused_in_words(sign_in: SignIn, pair: tuple[Tool, Tool]) -> None:
    answer = send(sign_in("writer"), ADD, **chosen(pair[0], pair[0]))
    assert "Choose two different tools: both are Aider." in errors_of(answer)


def test_a_pair_is_compared_once_in_any_order(sign_in: SignIn, pair: tuple[Tool, Tool]) -> None:
    make_comparison(*pair)
    answer = send(sign_in("writer"), ADD, **chosen(pair[1], pair[0]))
    assert "are compared already" in errors_of(answer)


def test_a_writer_cannot_schedule(sign_in: SignIn, pair: tuple[Tool, Tool]) -> None:
    hour = {"publish_at_0": "2026-12-01", "publish_at_1": "09:00"}
    send(sign_in("writer"), ADD, **chosen(*pair), **hour)
    assert Comparison.objects.get().publish_at is None


def test_an_editor_schedules_what_a_writer_asked_for(
    sign_in: SignIn, pair: tuple[Tool, Tool], settings: Settings
) -> None:
    settings.EDITORIAL_TWO_PERSON = True
    send(sign_in("writer"), ADD, **chosen(*pair), headline="Ship Aider.", _ask="yes")
    draft = Comparison.objects.get()
    hour = {"publish_at_0": "2026-12-01", "publish_at_1": "09:00"}
    answer = send(sign_in("editor"), change(draft), **hour)
    assert answer.status_code == 302, errors_of(answer)
    draft.refresh_from_db()
    assert draft.publish_at == dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
    assert not draft.is_waiting


def test_an_editor_who_mends_the_headline_leaves_publishing_to_another(
    sign_in: SignIn, pair: tuple[Tool, Tool], settings: Settings
) -> None:
    settings.EDITORIAL_TWO_PERSON = True
    send(sign_in("writer"), ADD, **chosen(*pair), _ask="yes")
    draft = Comparison.objects.get()
    hour = {"publish_at_0": "2026-12-01", "publish_at_1": "09:00", "headline": "Mine."}
    answer = send(sign_in("editor"), change(draft), **hour)
    assert "Somebody else must publish this" in errors_of(answer)
    draft.refresh_from_db()
    assert (draft.publish_at, draft.headline) == (None, "")


def test_moving_the_hour_needs_no_second_person(
    sign_in: SignIn, pair: tuple[Tool, Tool], settings: Settings
) -> None:
    settings.EDITORIAL_TWO_PERSON = True
    scheduled = make_comparison(*pair, publish_at=timezone.now() + dt.timedelta(days=3))
    hour = {"publish_at_0": "2030-12-01", "publish_at_1": "09:00"}
    assert send(sign_in("editor"), change(scheduled), **hour).status_code == 302


def test_scheduled_words_stay_as_a_second_person_agreed_to_them(
    sign_in: SignIn, pair: tuple[Tool, Tool], settings: Settings
) -> None:
    settings.EDITORIAL_TWO_PERSON = True
    soon = timezone.now() + dt.timedelta(days=3)
    scheduled = make_comparison(*pair, publish_at=soon, headline="Agreed.")
    agreed = scheduled.history.latest()
    answer = send(sign_in("editor"), change(scheduled), headline="Mine.")
    assert "empty the hour first" in errors_of(answer)
    Comparison.objects.update(headline="Written by a command.")
    sign_in("editor").post(
        reverse("admin:tools_comparison_simple_history", args=[scheduled.pk, agreed.pk])
    )
    scheduled.refresh_from_db()
    assert scheduled.headline == "Written by a command."


def test_a_pair_that_readers_have_an_address_of_stays_that_pair(
    sign_in: SignIn, pair: tuple[Tool, Tool]
) -> None:
    published = make_comparison(*pair)
    send(sign_in("editor"), change(published), first=make_tool().pk, headline="Ship it.")
    published.refresh_from_db()
    assert (published.first, published.headline) == (pair[0], "Ship it.")


def test_the_answer_stands_beside_the_form(sign_in: SignIn, pair: tuple[Tool, Tool]) -> None:
    page = sign_in("writer").get(change(make_comparison(*pair, publish_at=None))).content.decode()
    assert "Ship <bdi>Aider</bdi>." in page
    assert "Pricing read" in page


def test_the_answer_follows_the_chosen_pair(sign_in: SignIn, pair: tuple[Tool, Tool]) -> None:
    client = sign_in("writer")
    address = reverse("admin:tools_comparison_as_published")
    assert "Ship <bdi>Aider</bdi>." in client.get(address, chosen(*pair)).content.decode()
    assert "one tool twice" in client.get(address, chosen(pair[0], pair[0])).content.decode()
    assert "Choose both tools" in client.get(address, {"first": "x"}).content.decode()


@pytest.mark.parametrize(
    ("state", "expected"),
    [("draft", 1), ("waiting", 0), ("today", 1), ("scheduled", 2), ("published", 2)],
)
def test_the_list_is_filtered_by_state(sign_in: SignIn, state: str, expected: int) -> None:
    now, second, days = timezone.now(), dt.timedelta(seconds=1), dt.timedelta(days=2)
    midnight = now.replace(hour=23, minute=59, second=59, microsecond=999_999)
    for publish_at in (None, max(midnight, now + second), now + days, now - days, now):
        make_comparison(publish_at=publish_at)
    answer = sign_in("writer").get("/admin/tools/comparison/", {"state": state})
    assert answer.context["cl"].result_count == expected


def test_the_list_takes_the_same_queries_for_one_and_for_fifty(
    sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("editor")
    make_comparison()
    client.get("/admin/tools/comparison/")
    with django_assert_num_queries(9) as captured:
        client.get("/admin/tools/comparison/")
    for _ in range(50):
        make_comparison()
    with django_assert_num_queries(len(captured)):
        client.get("/admin/tools/comparison/")


class TestPreview:
    def test_a_draft_is_seen_by_whoever_has_the_link(
        self, client: Client, pair: tuple[Tool, Tool]
    ) -> None:
        draft = make_comparison(*pair, publish_at=None, headline="Ship it.")
        answer = client.get(preview_address(draft))
        assert "Ship it." in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert not answer.cookies

    def test_a_tool_that_is_a_draft_has_a_preview_too(self, client: Client) -> None:
        draft = make_tool("aider", is_published=False)
        make_review(draft, "skeptic", "skip", text="It edits what it was not shown.")
        assert client.get(draft.get_absolute_url()).status_code == 404
        assert (
            "It edits what it was not shown." in client.get(preview_address(draft)).content.decode()
        )

    @pytest.mark.parametrize("end", ["x", "", "="])
    def test_an_edited_link_opens_nothing(self, client: Client, end: str) -> None:
        address = preview_address(make_comparison(publish_at=None)).removesuffix("/")
        assert client.get(f"{address[:-1]}{end}/").status_code == 404

    def test_the_link_ends_after_seven_days(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = preview_address(make_comparison(publish_at=None))
        monkeypatch.setattr(preview, "LIFE", dt.timedelta(seconds=-1))
        assert client.get(address).status_code == 404

    def test_a_token_of_another_purpose_opens_nothing(self, client: Client) -> None:
        draft = make_comparison(publish_at=None)
        token = signing.dumps(["comparison", draft.pk], salt="vote")
        assert client.get(reverse("preview", args=[token])).status_code == 404

    def test_a_draft_links_to_its_preview_and_a_published_one_to_its_page(
        self, sign_in: SignIn, pair: tuple[Tool, Tool]
    ) -> None:
        comparison = make_comparison(*pair, publish_at=None)
        page = sign_in("writer").get(change(comparison)).content.decode()
        assert "/preview/" in page
        assert "View on site" not in page
        comparison.publish_at = timezone.now()
        comparison.save()
        page = sign_in("writer").get(change(comparison)).content.decode()
        assert "View on site" in page
