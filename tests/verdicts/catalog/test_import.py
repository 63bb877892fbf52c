"""Importing catalogue files."""

from __future__ import annotations

import datetime as dt
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from reviews.models import Review, Reviewer
from tests.factories import NOW, make_comparison, make_tool
from tools.models import Category, Comparison, FormerSlug, PricePoint, Source, Tool
from verdicts.catalog.importing import CatalogFile, changes_of, import_catalog
from verdicts.catalog.problems import CatalogError

GOOD = (Path(__file__).parent / "good.yaml").read_text()
TOMORROW = NOW + dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


def file(text: str, *changes: tuple[str, str]) -> CatalogFile:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return CatalogFile("catalog.yaml", text.encode())


def imported(*changes: tuple[str, str], text: str = GOOD, now: dt.datetime = NOW, **how) -> str:
    return import_catalog([file(text, *changes)], now=now, **how).summary


def problems_of(*changes: tuple[str, str], text: str = GOOD) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        import_catalog([file(text, *changes)], now=NOW)
    return [problem.words for problem in refused.value.problems]


def test_a_catalogue_comes_in_whole():
    assert imported() == "7 added, 0 changed, 0 unchanged"

    heron = Tool.objects.get(slug="heron")
    point = heron.price_points.get()
    review = heron.reviews.get()
    comparison = Comparison.objects.get()
    assert heron.is_published
    assert (heron.entry_price, heron.entry_kind) == ("Free", "free-tier")
    assert (point.unit, point.basis) == ("per month", "observed")
    assert point.source == Source.objects.get(slug="price-page")
    assert (review.reviewer.slug, review.verdict, str(review.written_on)) == (
        "builder",
        "ship",
        "2026-11-01",
    )
    assert comparison.slug == "heron-vs-plover"
    assert comparison.publish_at == dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def test_the_same_file_again_changes_nothing():
    imported()

    assert imported(now=TOMORROW) == "0 added, 0 changed, 7 unchanged"
    assert Tool.history.count() == 2


def test_a_dry_run_says_the_same_and_changes_nothing():
    assert changes_of([file(GOOD)], now=NOW).summary == "7 added, 0 changed, 0 unchanged"
    assert not Category.objects.exists()


def test_changed_texts_are_changed_in_place_with_their_history():
    imported()

    assert imported(("Reads the tide", "Knows the tide")) == "0 added, 1 changed, 6 unchanged"

    heron = Tool.objects.get(slug="heron")
    assert heron.tagline == "Knows the tide"
    assert [row.tagline for row in heron.history.all()] == ["Knows the tide", "Reads the tide"]
    assert {row.history_change_reason for row in heron.history.all()} == {"import"}


def test_what_a_file_leaves_out_becomes_empty_and_prices_stay():
    imported(
        (
            "    maker: Corvid\n    tagline: Reads",
            "    maker: C\n    licence: MIT\n    tagline: Reads",
        )
    )
    points = GOOD[GOOD.index("      points:") : GOOD.index("  - slug: plover")]

    imported((points, "\n"))

    heron = Tool.objects.get(slug="heron")
    assert (heron.maker, heron.licence) == ("Corvid", "")
    assert heron.price_points.count() == 1


def test_a_changed_price_is_a_new_dated_row():
    imported()

    summary = imported(('"12.50"', '"14"'), ('"2026-11-10"', '"2026-11-21"'))

    assert summary == "1 added, 0 changed, 6 unchanged"
    amounts = PricePoint.objects.newest_first().values_list("amount", flat=True)
    assert [str(amount) for amount in amounts] == ["14.000000", "12.500000"]


def test_a_second_price_of_one_day_is_refused():
    imported()

    assert problems_of(('"12.50"', '"14"')) == [
        "heron: Team per month is already recorded otherwise on 2026-11-10, and dated rows are "
        "never changed; give the new one its own date"
    ]
    assert PricePoint.objects.count() == 1


def test_on_request_is_a_price_and_never_nothing():
    imported(('"12.50"', "on request"))

    assert PricePoint.objects.get().amount is None


def test_a_changed_verdict_without_a_date_is_of_today():
    undated = (('    written: "2026-11-01"\n', ""),)
    imported(*undated)

    again = imported(*undated, now=TOMORROW)
    changed = imported(*undated, ("verdict: ship", "verdict: skip"), now=TOMORROW)

    assert again == "0 added, 0 changed, 7 unchanged"
    assert changed == "1 added, 0 changed, 6 unchanged"
    days = Review.objects.order_by("written_on").values_list("verdict", "written_on")
    assert list(days) == [("ship", NOW.date()), ("skip", TOMORROW.date())]


def test_a_comparison_without_a_date_is_published_at_the_import_and_stays_so():
    undated = ('    published: "2026-11-20"\n', "")
    imported(undated)

    imported(undated, now=TOMORROW)

    assert Comparison.objects.get().publish_at == NOW


def test_a_date_is_midnight_on_the_sites_clock(settings):
    settings.TIME_ZONE = "Europe/Prague"

    imported()

    assert Comparison.objects.get().publish_at == dt.datetime(2026, 11, 19, 23, tzinfo=dt.UTC)


def test_a_moment_with_its_offset_is_that_moment():
    imported(('"2026-11-20"', "2026-12-01T09:30+01:00"))

    comparison = Comparison.objects.get()
    assert comparison.publish_at == dt.datetime(2026, 12, 1, 8, 30, tzinfo=dt.UTC)
    assert not comparison.is_published(now=NOW)


def test_drafts_stay_out_of_sight():
    imported(
        ("    tagline: Runs", "    draft: true\n    tagline: Runs"),
        ('    published: "2026-11-20"', "    draft: true"),
    )

    assert [tool.slug for tool in Tool.objects.published()] == ["heron"]
    assert Comparison.objects.drafts().count() == 1


def test_draft_leaves_new_rows_as_drafts_and_old_ones_as_they_are():
    imported()
    egret = GOOD.replace("heron", "egret").replace("Heron", "Egret")

    imported(drafts=True)
    imported(text=egret, drafts=True)

    assert Tool.objects.get(slug="heron").is_published
    assert not Tool.objects.get(slug="egret").is_published
    assert [row.slug for row in Comparison.objects.drafts()] == ["egret-vs-plover"]


def test_draft_and_then_without_it_publishes():
    imported(drafts=True)

    assert imported() == "0 added, 3 changed, 4 unchanged"
    assert Comparison.objects.published(now=NOW).count() == 1


def test_a_tool_that_names_its_old_slug_moves():
    imported()
    heron = Tool.objects.get(slug="heron")
    moved = GOOD.replace("heron", "grey-heron").replace(
        "    tagline: Reads", "    former_slugs: [heron]\n    tagline: Reads"
    )

    assert imported(text=moved) == "0 added, 1 changed, 6 unchanged"

    heron.refresh_from_db()
    assert heron.slug == "grey-heron"
    assert [former.slug for former in heron.former_slugs.all()] == ["heron"]
    assert heron.reviews.count() == 1
    assert imported(text=moved) == "0 added, 0 changed, 7 unchanged"


def test_a_file_with_the_old_slug_is_told_the_new_one():
    imported()
    Tool.objects.get(slug="heron").rename_slug("grey-heron")

    assert problems_of() == [
        'the slug "heron" is a former one of "grey-heron"; give the tool its present slug'
    ]


def test_a_former_slug_that_leads_elsewhere_is_refused():
    make_tool("egret")
    make_tool("stork").rename_slug("white-stork")
    former = ("    tagline: Reads", "    former_slugs: [egret, stork]\n    tagline: Reads")
    imported()

    assert problems_of(former) == [
        'the former slug "egret" is the address of another tool',
        'the former slug "stork" is that of "white-stork"',
    ]


def test_references_may_lead_to_what_is_in_the_database():
    make_tool("egret")

    imported(
        ("left: heron", "left: egret"),
        ("    tagline: Reads", "    replaced_by: egret\n    tagline: Reads"),
    )

    assert Comparison.objects.get().slug == "egret-vs-plover"
    assert Tool.objects.get(slug="heron").replaced_by == Tool.objects.get(slug="egret")


def test_a_circle_over_the_database_is_refused():
    imported(("    tagline: Reads", "    replaced_by: plover\n    tagline: Reads"))
    egret = make_tool("egret", replaced_by=Tool.objects.get(slug="heron"))

    assert problems_of(
        ("    tagline: Reads", "    replaced_by: plover\n    tagline: Reads"),
        ("    tagline: Runs", f"    replaced_by: {egret.slug}\n    tagline: Runs"),
    ) == [
        "replaced_by goes round in a circle: heron -> plover -> egret -> heron",
        "replaced_by goes round in a circle: plover -> egret -> heron -> plover",
    ]


def test_new_tools_may_replace_each_other():
    imported(("    tagline: Reads", "    replaced_by: plover\n    tagline: Reads"))

    assert Tool.objects.get(slug="heron").replaced_by == Tool.objects.get(slug="plover")


def test_the_pair_in_the_other_order_is_the_same_pair():
    imported()

    summary = imported(("left: heron\n    right: plover", "left: plover\n    right: heron"))

    assert summary == "0 added, 0 changed, 7 unchanged"


def test_sources_of_a_tool_and_their_history():
    sources = ("    tagline: Reads", "    sources: [price-page]\n    tagline: Reads")
    imported(sources)
    heron = Tool.objects.get(slug="heron")
    assert [row.source.slug for row in heron.history.latest().sources.all()] == ["price-page"]

    assert imported() == "0 added, 1 changed, 6 unchanged"

    assert not heron.sources.exists()
    assert heron.history.count() == 2
    assert not heron.history.latest().sources.exists()


def test_several_files_are_one_import():
    tools, rest = GOOD[: GOOD.index("reviews:")], GOOD[GOOD.index("reviews:") :]
    stork = """
tools:
  - slug: stork
    name: Stork
    category: tide-tables
    maker: Corvid
    tagline: Stands
    description: Waits.
    pricing: {entry: Free, kind: free}

"""
    head = GOOD[: GOOD.index("tools:")]
    files = [
        CatalogFile("tools.yaml", (tools + GOOD[GOOD.index("sources:") :]).encode()),
        CatalogFile("rest.yaml", (head + stork + rest[: rest.index("sources:")]).encode()),
    ]

    assert import_catalog(files, now=NOW).summary == "8 added, 0 changed, 0 unchanged"


def test_a_tool_in_two_files_is_told_with_both_names():
    files = [CatalogFile("one.yaml", GOOD.encode()), CatalogFile("two.yaml", GOOD.encode())]

    with pytest.raises(CatalogError) as refused:
        import_catalog(files, now=NOW)

    assert str(refused.value).splitlines()[0] == (
        'two.yaml: line 8, tool 1 (heron): the slug "heron" is used by '
        "tool 1 (heron) of one.yaml and tool 1 (heron) of two.yaml"
    )


def test_one_bad_file_of_two_stops_both():
    files = [
        CatalogFile("good.yaml", GOOD.encode()),
        CatalogFile("bad.yaml", b"schema_version: 1\n"),
    ]

    with pytest.raises(CatalogError):
        import_catalog(files, now=NOW)

    assert not Tool.objects.exists()


def test_queries_do_not_grow_with_the_catalogue(django_assert_num_queries):
    imported()

    for tools in (2, 120):
        files = [CatalogFile("many.yaml", catalogue_of(tools, f"of-{tools}"))]
        with django_assert_num_queries(17):
            import_catalog(files, now=NOW)


def catalogue_of(tools: int, prefix: str) -> bytes:
    head = GOOD[: GOOD.index("tools:")]
    lines = [head, "tools:\n"]
    for number in range(tools):
        lines.append(
            f"  - {{slug: {prefix}-{number}, name: T, category: tide-tables, maker: M, tagline: T, "
            "description: D, sources: [price-page], pricing: {entry: Free, kind: free, points: "
            "[{amount: 1, currency: USD, unit: per month, effective: 2026-11-01}]}}\n"
        )
    lines.append("reviews:\n")
    for number in range(tools):
        lines.append(
            f"  - {{tool: {prefix}-{number}, persona: builder, verdict: ship, text: T, "
            "written: 2026-11-01}\n"
        )
    return "".join([*lines, GOOD[GOOD.index("sources:") :]]).encode()


class TestTheCommand:
    def test_prints_the_count_last(self, tmp_path):
        path = tmp_path / "catalog.yaml"
        path.write_text(GOOD)
        out = StringIO()

        call_command("import_catalog", path, stdout=out)

        assert out.getvalue().splitlines()[-1] == "7 added, 0 changed, 0 unchanged"

    def test_a_dry_run_lists_what_would_change(self, tmp_path):
        path = tmp_path / "catalog.yaml"
        path.write_text(GOOD)
        out = StringIO()

        call_command("import_catalog", path, "--dry-run", stdout=out)

        assert "added: tool heron" in out.getvalue()
        assert not Tool.objects.exists()

    def test_lists_every_problem_on_a_line_of_its_own(self, tmp_path):
        path = tmp_path / "bad.yaml"
        path.write_text(GOOD.replace("ship", "maybe").replace("left: heron", "left: herron"))

        with pytest.raises(CommandError) as refused:
            call_command("import_catalog", path)

        assert refused.value.returncode == 1
        assert [line.split(": ", 1)[1] for line in str(refused.value).splitlines()[1:]] == [
            'line 38, review 1 (heron, builder): verdict "maybe" is not allowed; only ship or skip',
            'line 43, comparison 1 (herron vs plover): the tool "herron" does not exist; '
            'did you mean "heron"?',
        ]

    def test_a_missing_file_is_one_clear_line(self):
        with pytest.raises(CommandError, match=r"^nowhere\.yaml: No such file or directory$"):
            call_command("import_catalog", "nowhere.yaml")


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_wait_for_each_other():
    Reviewer.objects.get_or_create(slug="builder", defaults={"name": "B", "position": 1})
    summaries: list[str] = []

    def run() -> None:
        try:
            summaries.append(import_catalog([file(GOOD)], now=NOW).summary)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(summaries) == [
        *["0 added, 0 changed, 7 unchanged"] * 3,
        "7 added, 0 changed, 0 unchanged",
    ]


def test_a_clash_with_the_desk_is_a_problem_and_no_traceback(monkeypatch):
    """What an editor saves between the reading and the writing."""
    from verdicts.catalog import importing

    real_save = importing.save

    def slow_save(plan, *, by):
        make_tool("heron")
        real_save(plan, by=by)

    monkeypatch.setattr(importing, "save", slow_save)

    with transaction.atomic(), pytest.raises(CatalogError, match="changed during the import"):
        import_catalog([file(GOOD)], now=NOW)
    assert not Source.objects.exists()
    assert not FormerSlug.objects.exists()
    assert make_comparison(make_tool("a"), make_tool("b")).is_published(now=NOW) is not False
