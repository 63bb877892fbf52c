"""The dated rows of a catalogue, prices and reviews, each with its fate."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from verdicts.catalog.entries import PointEntry, ReviewEntry
from verdicts.catalog.fates import Fate, fates
from verdicts.catalog.kept import Judgement, Kept, Price, PriceLine, Seat
from verdicts.catalog.reading import Path
from verdicts.catalog.shape import Contents, Item

E = TypeVar("E")


@dataclass(frozen=True)
class Dated(Generic[E]):
    """One price point or review: where it stands, what it is of, and what becomes of it."""

    item: Item[Any]
    path: Path
    entry: E
    day: dt.date
    words: str
    fate: Fate


def dated_points(contents: Contents, kept: Kept) -> list[Dated[PointEntry]]:
    """Every well-formed price point, in the order of the files."""
    lines: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    points = [
        (item, position, point)
        for item in contents.tools
        if item.entry is not None
        for position, point in enumerate(item.entry.pricing.points)
    ]
    for index, (item, _, point) in enumerate(points):
        lines[item.slug, point.label, point.unit, point.currency].append(index)
    found = [Fate.ADDED] * len(points)
    for indexes in lines.values():
        item, _, point = points[indexes[0]]
        line: PriceLine = (kept.tool_id(item.slug), point.label, point.unit, point.currency)
        written = [(points[index][2].effective, price(points[index][2])) for index in indexes]
        settle(found, indexes, written, kept.prices.get(line, {}))
    return [
        Dated(
            item=item,
            path=("pricing", "points", position),
            entry=point,
            day=point.effective,
            words=f"{item.slug}: {point.label} {point.unit}".replace(":  ", ": "),
            fate=fate,
        )
        for (item, position, point), fate in zip(points, found, strict=True)
    ]


def dated_reviews(contents: Contents, kept: Kept, *, today: dt.date) -> list[Dated[ReviewEntry]]:
    """Every well-formed review, in the order of the files; an undated one is of today."""
    seats: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    reviews = [(item, item.entry) for item in contents.reviews if item.entry is not None]
    for index, (_, review) in enumerate(reviews):
        seats[review.tool, review.persona].append(index)
    found = [Fate.ADDED] * len(reviews)
    for (slug, persona), indexes in seats.items():
        seat: Seat = (kept.tool_id(slug), persona)
        written = [
            (reviews[index][1].written or today, judgement(reviews[index][1])) for index in indexes
        ]
        settle(found, indexes, written, kept.reviews.get(seat, {}))
    return [
        Dated(
            item=item,
            path=("written",),
            entry=review,
            day=review.written or today,
            words=f"{review.tool}: {review.persona}",
            fate=fate,
        )
        for (item, review), fate in zip(reviews, found, strict=True)
    ]


def settle(
    found: list[Fate],
    indexes: list[int],
    written: list[tuple[dt.date, Any]],
    kept: Mapping[dt.date, Any],
) -> None:
    for index, fate in zip(indexes, fates(written, kept), strict=True):
        found[index] = fate


def price(point: PointEntry) -> Price:
    return point.amount, point.basis.value, point.source, point.note


def judgement(review: ReviewEntry) -> Judgement:
    return review.verdict.value, review.summary, review.text
