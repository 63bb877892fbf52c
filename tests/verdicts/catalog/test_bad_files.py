"""What a careless editor brings, and the answer. Each file in `bad/` has its answer beside it,
word for word; to see a new one's, write an empty `.expect.txt` and read the failure."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import NOW
from tools.models import Category, Tool
from verdicts.catalog.importing import CatalogFile, import_catalog
from verdicts.catalog.problems import CatalogError

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))
GOOD = (HERE / "good.yaml").read_text()

pytestmark = pytest.mark.django_db


def problems_of(content: bytes) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        import_catalog([CatalogFile("bad.yaml", content)], now=NOW)
    assert not Tool.objects.exists()
    assert not Category.objects.exists()
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_gets_its_answer_and_changes_nothing(path):
    problems = problems_of(path.read_bytes())

    assert problems == path.with_suffix(".expect.txt").read_text().splitlines()


def with_name(words: str) -> str:
    return GOOD.replace("name: Heron", f"name: {words}")


BYTES = {
    "latin-1": (
        with_name("Réheron").encode("latin-1"),
        "line 9: the byte 0xe9 is not UTF-8; save the file as UTF-8",
    ),
    "utf-16": (GOOD.encode("utf-16"), "line 1: this is UTF-16; save it as UTF-8"),
    "utf-32": (GOOD.encode("utf-32"), "line 1: this is UTF-32; save it as UTF-8"),
    "a surrogate": (
        with_name('"').encode() + b"\xed\xa0\x80",
        "line 54: the byte 0xed is not UTF-8; save the file as UTF-8",
    ),
    "NUL": (
        with_name("Her\0on").encode(),
        "line 9: the character U+0000 does not belong in a text file",
    ),
    "an escape": (
        with_name("\x1b[31mHeron").encode(),
        "line 9: the character U+001B does not belong in a text file",
    ),
    "too large": (
        GOOD.encode().ljust(1_000_001, b"#"),
        "larger than 1,000,000 bytes, so it was not read",
    ),
    "deep lists": (
        b"schema_version: 1\ntools: " + b"[" * 100_000,
        "line 2: nested deeper than 12 levels",
    ),
    "deep mappings": (
        b"schema_version: 1\ntools: " + b"{a: " * 100_000,
        "line 2: nested deeper than 12 levels",
    ),
    "deep dashes": (b"- " * 400_000, "line 1: nested deeper than 12 levels"),
    "a picture": (
        b"\x89PNG\r\n\x1a\n\0\0",
        "line 1: the byte 0x89 is not UTF-8; save the file as UTF-8",
    ),
}


@pytest.mark.parametrize(("content", "words"), BYTES.values(), ids=BYTES.keys())
def test_bytes_that_are_no_catalogue_are_refused_before_they_do_harm(content, words):
    assert problems_of(content) == [f"bad.yaml: {words}"]


def test_a_million_bytes_are_not_too_many():
    content = (GOOD + "#").encode().ljust(1_000_000, b"#")

    assert import_catalog([CatalogFile("big.yaml", content)], now=NOW).summary == (
        "7 added, 0 changed, 0 unchanged"
    )


@pytest.mark.parametrize("encoded", [GOOD.encode("utf-8-sig"), GOOD.replace("\n", "\r\n").encode()])
def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm(encoded):
    import_catalog([CatalogFile("good.yaml", encoded)], now=NOW)

    assert Tool.objects.get(slug="heron").description == "Says when the water comes back."


def test_markup_and_template_tags_are_kept_as_plain_text():
    name = "Heron <b>Pro</b>"
    text = "<script>document.title='owned'</script> {{ 7|add:7 }} {% now 'Y' %} &amp;"
    content = with_name(f'"{name}"').replace("Says when the water comes back.", f'"{text}"')

    import_catalog([CatalogFile("good.yaml", content.encode())], now=NOW)

    tool = Tool.objects.get(slug="heron")
    assert (tool.name, tool.description) == (name, text)


def test_unquoted_dates_and_amounts_are_taken_as_they_are_spelt():
    content = GOOD.replace('"2026-11-10"', "2026-11-10").replace('"12.50"', "12.50")

    import_catalog([CatalogFile("good.yaml", content.encode())], now=NOW)

    point = Tool.objects.get(slug="heron").price_points.get()
    assert str(point.effective_on) == "2026-11-10"
    assert point.amount == Decimal("12.50")


def test_a_file_in_which_nothing_fits_is_answered_in_time():
    tools = "".join(
        f"  - {{slug: gull-{i}, name: G, category: tide-tables, maker: C, tagline: T, "
        "description: D, pricing: {entry: Free, kind: free}}\n"
        for i in range(1_900)
    )
    reviews = "".join(
        f"  - {{tool: gulls-{i}, persona: builder, verdict: ship, text: T}}\n" for i in range(7_900)
    )
    content = GOOD.replace("tools:\n", f"tools:\n{tools}").replace(
        "reviews:\n", f"reviews:\n{reviews}"
    )
    started = time.monotonic()

    problems = problems_of(content.encode())

    assert len(problems) == 7_900
    assert problems[0].endswith('the tool "gulls-0" does not exist; did you mean "gull-0"?')
    # Seconds; with a near word for each it is minutes.
    assert time.monotonic() - started < 60


def test_a_name_of_nothing_that_can_be_seen_is_refused():
    assert problems_of(with_name('"\\u200d\\u200d"').encode()) == [
        "bad.yaml: line 9, tool 1 (heron): name holds nothing that readers can see"
    ]


def test_a_letter_with_a_tower_of_marks_is_refused():
    [problem] = problems_of(with_name("He" + 20 * "\u0301" + "ron").encode())

    assert "name stacks more than 8 marks on one letter" in problem


def test_a_pipe_into_which_nobody_writes_is_an_empty_file(tmp_path):
    os.mkfifo(tmp_path / "catalogue.yaml")

    with pytest.raises(CommandError, match="line 1"):
        call_command("import_catalog", str(tmp_path / "catalogue.yaml"))
