"""The catalogue as a file, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from reviews.models import Review
from tests.factories import (
    NOW,
    make_comparison,
    make_price,
    make_review,
    make_source,
    make_tool,
)
from tools.models import Category, Comparison, PricePoint, Source, Tool
from verdicts.catalog.importing import CatalogFile, import_catalog
from verdicts.catalog.reading import read
from verdicts.catalog.writing import amount, prose, text, written

pytestmark = pytest.mark.django_db


def exported() -> str:
    return "\n".join([*written(), ""])


def emptied() -> None:
    Comparison.objects.all().delete()
    Tool.objects.update(replaced_by=None)
    Tool.objects.all().delete()
    Category.objects.all().delete()
    Source.objects.all().delete()


def make_everything() -> None:
    """One row of every kind of state that a file can hold."""
    source = make_source("price-page", note="Stored copy.", dated_on=NOW.date())
    heron = make_tool(
        "heron",
        name="Heron “3” & <b>sons</b>: #1",
        description="First line.\n\nThird line, with a tab:\there. " + "tide, " * 60 + "tide",
        notes="- looks like a list",
        website="https://example.org/?a=1&b=#c",
        launched_on=dt.date(2025, 7, 22),
        licence="no",
    )
    heron.sources.add(source)
    arabic = make_tool("malik-al-hazin", name="مالك الحزين", tagline="'quoted'", is_published=False)
    moved = make_tool("egret", replaced_by=heron, openness="")
    moved.rename_slug("little-egret")
    moved.rename_slug("great-egret")
    digits = make_tool("123", name="123")
    for effective_on, price in (("2026-01-01", "10"), ("2026-05-01", "12.5"), ("2026-09-01", None)):
        make_price(heron, price, effective_on=dt.date.fromisoformat(effective_on), source=source)
    make_price(heron, "0.000001", label="", basis="published", note="A note: really.")
    make_price(heron, "10", effective_on=dt.date(2026, 2, 1), note="The same, seen again.")
    make_review(heron, "skeptic", "skip", written_on=dt.date(2026, 1, 1), summary="No.")
    make_review(heron, "skeptic", "ship", written_on=dt.date(2026, 2, 1))
    make_review(heron, "skeptic", "ship", written_on=dt.date(2026, 3, 1))
    make_comparison(heron, arabic, publish_at=None, headline="A draft.")
    make_comparison(heron, moved, publish_at=NOW + dt.timedelta(days=9, minutes=7))
    make_comparison(heron, digits, publish_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    make_comparison(digits, moved, publish_at=dt.datetime(2026, 11, 20, 9, 0, 33, tzinfo=dt.UTC))


def counts() -> list[int]:
    models = (Category, Source, Tool, PricePoint, Review, Comparison)
    return [model.objects.count() for model in models]


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Kathmandu"])
def test_export_and_import_into_an_empty_database_give_the_same_site(settings, time_zone):
    settings.TIME_ZONE = time_zone
    make_everything()
    before, rows = exported(), counts()
    emptied()

    import_catalog([CatalogFile("catalog.yaml", before.encode())], now=NOW)

    assert exported() == before
    assert counts() == rows


def test_importing_an_export_beside_its_original_changes_nothing():
    make_everything()

    changes = import_catalog([CatalogFile("catalog.yaml", exported().encode())], now=NOW)

    assert changes.summary == f"0 added, 0 changed, {sum(counts())} unchanged"


def test_what_was_imported_from_the_demo_catalogue_comes_out_word_for_word():
    demo = (settings.BASE_DIR / "verdicts" / "demo" / "catalog.yaml").read_bytes()
    import_catalog([CatalogFile("demo.yaml", demo)], now=NOW)

    again, original = yaml.safe_load(exported()), yaml.safe_load(demo)

    assert sorted(statements(again)) == sorted(statements(original))


def statements(value: object, path: str = "") -> Iterator[str]:
    """Everything that a file says, whatever its order: 'tools aider licence: Apache-2.0'."""
    if isinstance(value, dict):
        pair = sorted(value[side] for side in ("left", "right") if side in value)
        names = [value.get(key) for key in ("slug", "id", "tool", "persona", "label", "unit")]
        path = " ".join([path, *pair, *filter(None, names)])
        for key, inner in value.items():
            if key not in {"left", "right", "title", "basis"}:
                yield from statements(inner, f"{path} {key}")
    elif isinstance(value, list):
        for inner in value:
            yield from statements(inner, path)
    else:
        yield f"{path}: {value.removesuffix('.00') if isinstance(value, str) else value}"


def test_it_reads_like_a_file_that_a_person_wrote():
    heron = make_tool(
        "heron", name="Heron", description=" ".join(["Says when the water comes back."] * 3)
    )
    make_price(heron, "0.1")
    make_comparison(heron, make_tool("plover"), publish_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))

    lines = exported().splitlines()

    assert lines[:6] == [
        "schema_version: 1",
        "",
        "categories:",
        "  - slug: developer-tools",
        "    name: Developer tools",
        "",
    ]
    for line in (
        "  - slug: heron",
        "    description: >-",
        '      entry: "Free"',
        '          amount: "0.10"',
        '    published: "2026-11-20"',
    ):
        assert line in lines
    assert max(map(len, lines)) <= 92


def test_an_empty_catalogue_is_no_file(tmp_path):
    with pytest.raises(CommandError, match="nothing to export"):
        call_command("export_catalog", tmp_path / "catalog.yaml")


def test_the_command_prints_or_writes_the_same(tmp_path):
    make_everything()
    out = StringIO()

    call_command("export_catalog", stdout=out)
    call_command("export_catalog", tmp_path / "catalog.yaml")

    assert out.getvalue() == (tmp_path / "catalog.yaml").read_text() == exported()


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path):
    make_tool()
    path = tmp_path / "nowhere" / "catalog.yaml"

    with pytest.raises(CommandError, match=f"^{path}: No such file or directory$"):
        call_command("export_catalog", path)


# Everything that an import takes as a text: no control characters, none at its ends.
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n\t"),
    min_size=1,
).map(str.strip)


@given(words=texts.filter(bool))
def test_any_text_comes_back_as_it_was(words):
    for line in (text, prose):
        content = "\n".join(line("key", words)).encode()

        assert read("a.yaml", content).mapping == {"key": words}
        assert yaml.safe_load(content) == {"key": words}


@given(st.decimals(min_value=0, max_value=999_999_999, places=6))
def test_any_amount_comes_back_as_it_was(value):
    assert Decimal(amount(value)) == value
