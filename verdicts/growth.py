"""Synthetic catalogues at scale, for benchmarks: rows by COPY, the same for the same numbers."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection, models, transaction

from reviews.models import Review, Reviewer
from tools.models import Category, Comparison, Openness, PriceKind, PricePoint, Tool

# What growth has made is known by its slugs.
GROWN = "grown-"
CATEGORIES = 12
# Rows between two words of progress.
STRIDE = 10_000
WORDS = 4_000

Progress = Callable[[str, int, int], None]
Row = tuple[Any, ...]

TOOL = (
    "id, slug, name, category_id, maker, tagline, description, website, launched_on, "
    "launched_basis, openness, licence, notes, entry_price, entry_kind, is_published, "
    "created_at, wanted_change"
)
PRICE = "tool_id, label, amount, currency, unit, effective_on, basis, note, created_at"
REVIEW = "tool_id, reviewer_id, verdict, summary, text, written_on, created_at, note"
COMPARISON = "first_id, second_id, headline, publish_at, created_at, wanted_change"


def grown_tools() -> models.QuerySet[Tool]:
    return Tool.objects.filter(slug__startswith=GROWN)


def holds_real_data() -> bool:
    """There is a tool that growth has not made."""
    return Tool.objects.exclude(slug__startswith=GROWN).exists()


@transaction.atomic
def grow_tools(count: int, *, now: dt.datetime, progress: Progress) -> None:
    """Add that many published tools, each with two prices and a panel, and a comparison of
    every other tool with the next of its category."""
    start = grown_tools().count()
    seed = Seed(now, start)
    categories = grown_categories()
    ids = next_ids(Tool, count)
    panel = list(Reviewer.objects.values_list("id", flat=True))
    pairs = [
        (ids[place], ids[place + CATEGORIES])
        for place in range(count - CATEGORIES)
        if place % (2 * CATEGORIES) < CATEGORIES
    ]
    tools = (
        seed.tool(start + place, tool_id, categories[place % CATEGORIES])
        for place, tool_id in enumerate(ids)
    )
    prices = (row for tool_id in ids for row in seed.prices(tool_id))
    reviews = (row for tool_id in ids for row in seed.reviews(tool_id, panel))
    comparisons = (seed.comparison(*pair) for pair in pairs)
    copy(Tool, TOOL, tools, count, progress)
    copy(PricePoint, PRICE, prices, 2 * count, progress)
    copy(Review, REVIEW, reviews, len(panel) * count, progress)
    copy(Comparison, COMPARISON, comparisons, len(pairs), progress)
    with connection.cursor() as cursor:
        cursor.execute("analyze")


def grown_categories() -> list[int]:
    return [
        Category.objects.get_or_create(
            slug=f"{GROWN}{number}", defaults={"name": f"Grown category {number}"}
        )[0].pk
        for number in range(1, CATEGORIES + 1)
    ]


class Seed:
    """What rows grow from: the same number gives the same rows."""

    def __init__(self, now: dt.datetime, number: int) -> None:
        self.now = now
        self.dice = random.Random(number)  # noqa: S311
        syllables = ["".join(pair) for pair in itertools.product("bdfghklmnprstvw", "aeiou")]
        self.vocabulary = [
            "".join(self.dice.choices(syllables, k=self.dice.choice([2, 2, 3])))
            for _ in range(WORDS)
        ]
        # A few words are everywhere and most are rare, as in a language.
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, WORDS + 1)))

    def words(self, count: int) -> str:
        chosen = self.dice.choices(self.vocabulary, cum_weights=self.weights, k=count)
        return " ".join(chosen).capitalize()

    def day(self, within: int) -> dt.date:
        return self.now.date() - dt.timedelta(days=self.dice.randrange(within))

    def tool(self, number: int, tool_id: int, category_id: int) -> Row:
        return (
            tool_id,
            f"{GROWN}{number:07}",
            f"{self.words(2).title()} {number}",
            category_id,
            "Grown for benchmarks",
            self.words(8),
            f"{self.words(60)}.",
            "",
            self.day(900),
            "Invented",
            self.dice.choice(Openness.values),
            self.dice.choice(["MIT", "Apache-2.0", "Proprietary", "AGPL-3.0"]),
            "",
            "Free",
            self.dice.choice(PriceKind.values),
            True,
            self.now,
            "",
        )

    def prices(self, tool_id: int) -> Iterator[Row]:
        cents = self.dice.randrange(1, 500)
        observed = PricePoint.Basis.OBSERVED.value
        for times, kind in ((1, "input"), (4, "output")):
            amount, unit = f"{times * cents / 100:.2f}", f"per 1M {kind} tokens"
            yield tool_id, "Standard", amount, "USD", unit, self.day(300), observed, "", self.now

    def reviews(self, tool_id: int, panel: list[int]) -> Iterator[Row]:
        day = self.day(300)
        for reviewer_id in panel:
            verdict = self.dice.choice(["ship", "ship", "skip"])
            summary, text = self.words(6), f"{self.words(70)}."
            yield tool_id, reviewer_id, verdict, summary, text, day, self.now, ""

    def comparison(self, first_id: int, second_id: int) -> Row:
        publish_at = self.now - dt.timedelta(minutes=self.dice.randrange(1, 500_000))
        return first_id, second_id, f"{self.words(10)}.", publish_at, self.now, ""


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids of the table's own sequence, so that later rows do not meet these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy(
    model: type[models.Model], columns: str, rows: Iterable[Row], count: int, progress: Progress
) -> None:
    """COPY the rows into the model's table; `progress` hears of every STRIDE rows."""
    meta = model._meta
    statement = f"copy {meta.db_table} ({columns}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for done, row in enumerate(rows, start=1):
            stream.write_row(row)
            if done % STRIDE == 0 or done == count:
                progress(str(meta.verbose_name_plural), done, count)
