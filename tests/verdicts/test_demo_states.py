"""The demo's content: every state of a page that comes from the catalogue."""

from __future__ import annotations

import datetime as dt

import pytest

from reviews.verdict import Kind, verdict_on
from tests.factories import NOW
from tests.verdicts.invented import import_demo
from tools.models import Comparison, PriceKind, Tool

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo():
    import_demo(now=NOW)


def verdict_of(slug: str):
    first, second = slug.split("-vs-")
    one, other = Tool.objects.get(slug=first), Tool.objects.get(slug=second)
    return verdict_on(Comparison.objects.of_pair(one, other).with_tools().get(), now=NOW)


@pytest.mark.parametrize(
    ("slug", "kind", "words"),
    [
        ("avocet-lite-vs-loupe-nano", Kind.SHIP, "Ship Avocet Lite."),
        ("minnow-2-vs-minnow-3", Kind.NONE, "No verdict yet."),
        ("avocet-lite-vs-curlew-desk", Kind.NONE, "No verdict yet."),
        ("plover-desk-vs-tidewrack", Kind.NONE, "No verdict yet."),
        ("harbour-notes-vs-tidewrack", Kind.NONE, "No verdict yet."),
        ("avocet-lite-vs-tern-relay", Kind.SHIP, "Ship Avocet Lite."),
        ("harbour-notes-vs-quillwort", Kind.SHIP, "Ship Harbour Notes."),
        ("avocet-lite-vs-fieldglass-edge", Kind.TIE, "You can run Fieldglass Edge yourself"),
        ("anselm-2-vs-harbour-notes", Kind.TIE, "The way in differs"),
        ("marrow-mini-vs-minnow-3", Kind.TIE, "4 times"),
        ("kestrel-base-vs-merlin-base", Kind.TIE, "The Skeptic ships Merlin Base"),
        ("samphire-vs-saltmarsh", Kind.TIE, "The licence differs"),
        ("dunlin-vs-sanderling", Kind.TIE, "Dunlin is the older"),
        ("mistle-vs-ostler", Kind.TIE, "Nothing we record separates them."),
    ],
)
def test_answers(slug, kind, words):
    answer = verdict_of(slug).answer

    assert answer.kind is kind
    assert words in str(answer.summary)


def test_since_then():
    assert verdict_of("avocet-lite-vs-loupe-nano").since == "1 price change, 2 verdicts changed"


def test_names_that_are_long_or_in_another_script_or_full_of_markup():
    names = list(Tool.objects.published().values_list("name", flat=True))

    assert sum(len(name) >= 34 for name in names) >= 2
    assert "مالك الحزين 2" in names
    assert "O’Hara & Daughter’s <Parser>" in names


def test_what_readers_do_not_see_yet():
    assert [row.slug for row in Comparison.objects.scheduled(now=NOW)] == [
        "fieldglass-edge-vs-loupe-nano"
    ]
    assert [row.slug for row in Comparison.objects.drafts()] == ["loupe-nano-vs-minnow-3"]
    assert not Tool.objects.get(slug="whimbrel").is_published


def test_addresses_that_moved_and_tools_that_were_replaced():
    assert Tool.objects.by_any_slug(["minnow-next"])["minnow-next"].slug == "minnow-3"
    assert Tool.objects.get(slug="minnow-2").replaced_by == Tool.objects.get(slug="minnow-3")


def test_every_kind_of_entry_price():
    kinds = set(Tool.objects.published().values_list("entry_kind", flat=True))

    assert kinds == set(PriceKind.values)


def test_invented_tools_are_labelled_and_never_lead_the_home_page():
    invented = Tool.objects.filter(category__slug="invented-tools")

    assert {tool.maker for tool in invented} == {"Invented for the demo"}
    assert all(tool.description.startswith("An invented tool") for tool in invented)
    newest = Comparison.objects.published(now=NOW).newest_first()
    assert newest[0].publish_at == dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
