"""Catalogue files at the desk: looked at, confirmed, exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.factories import make_comparison, make_price, make_review, make_source, make_tool
from tools.models import Tool
from verdicts.catalog.importing import CatalogFile, changes_of
from verdicts.desk import tool_form

SignIn = Callable[[str], Client]
IMPORT = "/admin/import/"
GOOD = """\
schema_version: 1
categories:
  - slug: agents
    name: Agents
tools:
  - slug: aider
    name: Aider
    category: agents
    maker: Paul Gauthier
    tagline: Pairs with you
    description: In the terminal.
    pricing: {entry: Free, kind: open-source, points: []}
"""
BAD = GOOD.replace("category: agents", "category: agent").replace("kind: open-source", "kind: x")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alone(settings: Settings) -> None:
    settings.EDITORIAL_TWO_PERSON = False


def upload(client: Client, *contents: str, **fields: Any) -> str:
    files = [SimpleUploadedFile(f"{n}.yaml", text.encode()) for n, text in enumerate(contents)]
    return client.post(IMPORT, {"catalogue": files, **fields}).content.decode()


def confirmation(page: str) -> dict[str, str]:
    return {
        name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("upload", "seen")
    }


def test_a_look_shows_every_row_and_changes_nothing(sign_in: SignIn) -> None:
    page = upload(sign_in("editor"), GOOD)
    assert "2 added, 0 changed, 0 unchanged" in page
    assert "tool aider" in page
    assert "Pairs with you" in page
    assert not Tool.objects.exists()


def test_a_look_shows_what_stands_there_and_what_will(sign_in: SignIn) -> None:
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD)))
    point = "{label: Team, amount: 12, currency: USD, unit: per month, effective: 2026-11-01}"
    page = upload(client, GOOD.replace("with you", "with all").replace("[]", f"[{point}]"))
    shown = " ".join(page.split())
    assert "<strong>tagline</strong>: Pairs with you → Pairs with all" in shown
    assert "<strong>amount</strong>: 12 USD" in shown


def test_a_colleagues_words_are_not_overwritten_unseen(sign_in: SignIn) -> None:
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD)))
    confirmed = confirmation(upload(client, GOOD.replace("with you", "with all")))
    Tool.objects.update(tagline="A colleague’s words")
    page = client.post(IMPORT, confirmed).content.decode()
    assert "The catalogue changed since you looked." in page
    assert "A colleague’s words →" in page
    assert Tool.objects.get().tagline == "A colleague’s words"


def test_confirming_imports_what_was_shown_under_the_editors_name(sign_in: SignIn) -> None:
    client = sign_in("editor")
    answer = client.post(IMPORT, confirmation(upload(client, GOOD)), follow=True)
    assert "Imported: 2 added" in answer.content.decode()
    tool = Tool.objects.get(slug="aider")
    assert tool.is_published
    assert str(tool.history.latest().history_user) == "editor"


def test_new_tools_stay_drafts_when_asked(sign_in: SignIn) -> None:
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD, drafts="on")))
    assert not Tool.objects.get().is_published


def test_with_two_persons_an_upload_publishes_nothing(sign_in: SignIn, settings: Settings) -> None:
    settings.EDITORIAL_TWO_PERSON = True
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD, drafts="")))
    assert not Tool.objects.get().is_published


def test_what_an_upload_changes_in_public_is_looked_at_by_somebody_else(
    sign_in: SignIn, settings: Settings
) -> None:
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD)))
    settings.EDITORIAL_TWO_PERSON = True
    point = "{label: Team, amount: 12, currency: USD, unit: per month, effective: 2026-11-01}"
    client.post(
        IMPORT, confirmation(upload(client, GOOD.replace("points: []", f"points: [{point}]")))
    )
    tool = Tool.objects.get()
    assert tool.price_points.count() == 1
    assert str(tool.submitted_by) == "editor"
    assert str(tool.history.latest().history_user) == "editor"


def test_every_problem_is_listed_with_its_place(sign_in: SignIn) -> None:
    page = upload(sign_in("editor"), BAD)
    assert "2 problems to mend" in page
    assert "did you mean" in page
    assert "tool 1" in page
    assert 'name="upload"' not in page


def test_the_same_upload_is_imported_once(sign_in: SignIn) -> None:
    client = sign_in("editor")
    confirmed = confirmation(upload(client, GOOD))
    client.post(IMPORT, confirmed)
    again = client.post(IMPORT, confirmed, follow=True)
    assert "Choose the files again" in again.content.decode()


def test_a_catalogue_that_moved_is_shown_again(sign_in: SignIn) -> None:
    client = sign_in("editor")
    confirmed = confirmation(upload(client, GOOD))
    make_tool("aider", name="Aider before")
    page = client.post(IMPORT, confirmed).content.decode()
    assert "The catalogue changed since you looked." in page
    assert Tool.objects.get().name == "Aider before"
    client.post(IMPORT, confirmation(page))
    assert Tool.objects.get().name == "Aider"


def test_what_is_there_already_leaves_nothing_to_import(sign_in: SignIn) -> None:
    client = sign_in("editor")
    client.post(IMPORT, confirmation(upload(client, GOOD)))
    page = upload(client, GOOD)
    assert "There is nothing to import." in page
    assert 'name="upload"' not in page


def test_nobody_confirms_for_another(sign_in: SignIn) -> None:
    confirmed = confirmation(upload(sign_in("editor"), GOOD))
    sign_in("publisher").post(IMPORT, confirmed)
    assert not Tool.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"), [("anonymous", 302), ("staff", 403), ("writer", 403), ("editor", 200)]
)
def test_importing_is_for_those_who_publish(sign_in: SignIn, role: str, status: int) -> None:
    assert sign_in(role).get(IMPORT).status_code == status


def test_a_large_file_is_refused_before_it_is_read(sign_in: SignIn) -> None:
    page = upload(sign_in("editor"), "#" * 1_000_001)
    assert "larger than 1,000,000 bytes" in page


def test_an_export_of_some_tools_holds_them_whole_and_nothing_else(sign_in: SignIn) -> None:
    one, two, other = make_tool("aider"), make_tool("cline"), make_tool("openhands")
    make_price(one, source=make_source("price-page"))
    make_source("unused")
    make_review(two, "skeptic")
    make_review(other, "skeptic")
    make_comparison(one, two)
    make_comparison(one, other)
    chosen = {"action": "export", "_selected_action": [one.pk, two.pk]}
    answer = sign_in("editor").post("/admin/tools/tool/", chosen)
    content = answer.content
    assert b"openhands" not in content
    assert b"unused" not in content
    assert b"left: aider" in content
    changes = changes_of([CatalogFile("catalog.yaml", content)], now=timezone.now())
    assert changes.summary.startswith("0 added, 0 changed")


def test_an_export_is_no_larger_than_an_upload_may_be(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_form, "MOST_EXPORTED", 1)
    chosen = {"action": "export", "_selected_action": [make_tool().pk, make_tool().pk]}
    page = sign_in("editor").post("/admin/tools/tool/", chosen, follow=True).content.decode()
    assert "export_catalog writes the whole catalogue" in page


def test_whoever_may_not_see_the_tools_exports_none(sign_in: SignIn) -> None:
    chosen = {"action": "export", "_selected_action": [make_tool().pk]}
    assert sign_in("staff").post("/admin/tools/tool/", chosen).status_code == 403


def test_more_than_a_request_may_hold_is_refused_unread(sign_in: SignIn) -> None:
    files = [SimpleUploadedFile(f"{n}.yaml", b"#" * 900_000) for n in range(3)]
    assert sign_in("editor").post(IMPORT, {"catalogue": files}).status_code == 413


@pytest.mark.parametrize(
    "content",
    ["a: &a [x]\nb: [*a, *a]", "[" * 500, "!!python/object/apply:os.system [ls]", "\0", "\ufeff"],
)
def test_what_is_no_catalogue_is_refused_in_words(sign_in: SignIn, content: str) -> None:
    page = upload(sign_in("editor"), content)
    assert "to mend" in page
    assert 'name="upload"' not in page
