"""What the database holds of everything that a catalogue names."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reviews.models import Review, Reviewer
from tools.models import Category, Comparison, FormerSlug, PricePoint, Source, Tool
from verdicts.catalog.shape import Contents, Item

# Tool's id, label, unit and currency; and what such a line says: amount, basis, source, note.
PriceLine = tuple[int | None, str, str, str]
Price = tuple[Decimal | None, str, str | None, str]
# Tool's id and persona; and what is said from there: verdict, summary, text.
Seat = tuple[int | None, str]
Judgement = tuple[str, str, str]


@dataclass(frozen=True)
class Kept:
    categories: dict[str, Category]
    sources: dict[str, Source]
    reviewers: dict[str, Reviewer]
    tools: dict[str, Tool]
    # The tool that had the slug before.
    former: dict[str, Tool]
    # Slug to slug, of every tool that has been replaced.
    replaced_by: dict[str, str]
    # A file's slug for a tool to the slug that the tool still has: it names it as a former one.
    renames: dict[str, str]
    prices: dict[PriceLine, dict[dt.date, Price]]
    reviews: dict[Seat, dict[dt.date, Judgement]]
    comparisons: dict[frozenset[int | None], Comparison]

    @classmethod
    def named_in(cls, contents: Contents) -> Kept:
        """Eleven queries, however long the catalogue is."""
        slugs = set(tool_slugs(contents))
        of_tools = Tool.objects.select_related("category").prefetch_related(
            "sources", "former_slugs"
        )
        tools = of_tools.in_bulk(slugs, field_name="slug")
        former = FormerSlug.objects.select_related("tool").in_bulk(slugs, field_name="slug")
        ids = [tool.pk for tool in tools.values()]
        replaced = Tool.objects.exclude(replaced_by=None)
        return cls(
            categories=Category.objects.in_bulk(field_name="slug"),
            sources=Source.objects.in_bulk(field_name="slug"),
            reviewers=Reviewer.objects.in_bulk(field_name="slug"),
            tools=tools,
            former={slug: row.tool for slug, row in former.items()},
            replaced_by=dict(replaced.values_list("slug", "replaced_by__slug")),
            renames=renames(contents, tools),
            prices=prices_of(ids),
            reviews=reviews_of(ids),
            comparisons={
                frozenset((row.first_id, row.second_id)): row
                for row in Comparison.objects.between(ids)
            },
        )

    def tool(self, slug: str) -> Tool | None:
        """The tool that a file calls by the slug, though it may have another one still."""
        return self.tools.get(self.renames.get(slug, slug))

    def tool_id(self, slug: str) -> int | None:
        tool = self.tool(slug)
        return tool.pk if tool else None


def tool_slugs(contents: Contents) -> Iterator[str]:
    for tool in contents.tools:
        yield from (tool.slug, tool.word("replaced_by"), *tool.words("former_slugs"))
    for review in contents.reviews:
        yield review.word("tool")
    for comparison in contents.comparisons:
        yield from (comparison.word("left"), comparison.word("right"))


def renames(contents: Contents, tools: dict[str, Tool]) -> dict[str, str]:
    return {
        item.slug: former
        for item in contents.tools
        if item.slug not in tools and (former := first_kept(item, tools))
    }


def first_kept(item: Item[Any], tools: dict[str, Tool]) -> str:
    return next((slug for slug in item.words("former_slugs") if slug in tools), "")


def prices_of(ids: list[int]) -> dict[PriceLine, dict[dt.date, Price]]:
    prices: defaultdict[PriceLine, dict[dt.date, Price]] = defaultdict(dict)
    points = PricePoint.objects.of_tools(ids).select_related("source")
    for point in points:
        line = (point.tool_id, point.label, point.unit, point.currency)
        source = point.source.slug if point.source else None
        prices[line][point.effective_on] = (point.amount, point.basis, source, point.note)
    return prices


def reviews_of(ids: list[int]) -> dict[Seat, dict[dt.date, Judgement]]:
    reviews: defaultdict[Seat, dict[dt.date, Judgement]] = defaultdict(dict)
    for review in Review.objects.of_tools(ids).select_related("reviewer"):
        seat = (review.tool_id, review.reviewer.slug)
        reviews[seat][review.written_on] = (review.verdict, review.summary, review.text)
    return reviews
