"""A price over time as a line of steps: dates and amounts in, SVG places out. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.models import PricePoint
from tools.pricing import PriceList, money

# Height of the dearest and of the free price, in the drawing's units.
TOP, BOTTOM = 28, 172
# The share of the width that a label needs for itself.
ROOM = 0.16
MOST_CHARTS = 3


def along(fraction: float) -> str:
    """0.678 of an axis as an SVG attribute: '67.8%', with a plain dot whatever the language."""
    return f"{fraction * 100:.1f}%"


@dataclass(frozen=True)
class Step:
    """A price and how long it stood. `next_y` is 0 for the one that still stands."""

    day: dt.date
    words: str
    x: str
    until: str
    y: int
    next_y: int
    has_room: bool
    anchor: str

    @property
    def dx(self) -> int:
        return -8 if self.anchor == "end" else 8


@dataclass(frozen=True)
class Chart:
    label: str
    unit: str
    zero: str
    steps: tuple[Step, ...]


def price_charts(prices: PriceList, *, today: dt.date) -> list[Chart]:
    """A chart for every price that has changed, up to three."""
    charts = []
    for (label, unit, currency), rows in prices.series.items():
        amounts = [row for row in rows if row.amount is not None]
        if len({row.amount for row in amounts}) > 1:
            steps = tuple(_steps(amounts, today=today))
            charts.append(
                Chart(label=label, unit=unit, zero=money(Decimal(0), currency), steps=steps)
            )
    return charts[:MOST_CHARTS]


def _steps(rows: Sequence[PricePoint], *, today: dt.date) -> Iterator[Step]:
    """Only rows that change the amount make a step."""
    changes = [
        row for before, row in zip([None, *rows], rows, strict=False) if _is_new(before, row)
    ]
    first = changes[0].effective_on
    width = max((today - first).days, 1)
    dearest = max(row.amount or Decimal(0) for row in changes)
    places = [(row.effective_on - first).days / width for row in changes]
    heights = [
        round(BOTTOM - (BOTTOM - TOP) * float((row.amount or 0) / dearest)) for row in changes
    ]
    labelled = -1.0
    for n, row in enumerate(changes):
        has_room = places[n] - labelled >= ROOM or labelled < 0
        labelled = places[n] if has_room else labelled
        is_last = n == len(changes) - 1
        yield Step(
            day=row.effective_on,
            words=money(row.amount, row.currency),
            x=along(places[n]),
            until=along(1.0 if is_last else places[n + 1]),
            y=heights[n],
            next_y=0 if is_last else heights[n + 1],
            has_room=has_room,
            anchor="end" if places[n] > 1 - ROOM else "start",
        )


def _is_new(before: PricePoint | None, row: PricePoint) -> bool:
    return before is None or before.amount != row.amount
