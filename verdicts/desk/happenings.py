"""What was added to a tool over time: its dated rows, with who added them and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import chain
from typing import Any

from reviews.models import Review
from tools.models import Correction, PricePoint
from tools.pricing import money

SHOWN = 100


@dataclass(frozen=True)
class Happening:
    """One row that was added or taken away."""

    at: dt.datetime
    by: str
    what: str
    note: str = ""


def happenings_of(tool: str) -> list[Happening]:
    """Prices, verdicts and corrections of the tool of that number, the latest first."""
    if not tool.isdecimal():
        return []
    rows = chain.from_iterable(
        kind.history.filter(tool=tool).select_related("history_user")[:SHOWN]
        for kind in (PricePoint, Review, Correction)
    )
    latest = sorted(rows, key=lambda row: row.history_date, reverse=True)[:SHOWN]
    return [happening(row) for row in latest]


def happening(row: Any) -> Happening:
    verb = {"+": "added", "~": "changed", "-": "deleted"}[row.history_type]
    match row.instance_type:
        case kind if kind is PricePoint:
            price = f"{row.label} {money(row.amount, row.currency)} {row.unit}".strip()
            what = f"Price {verb}: {price}, from {row.effective_on:%-d %B %Y}"
        case kind if kind is Review:
            what = f"Verdict {verb}: {row.reviewer} says {row.verdict}, {row.written_on:%-d %B %Y}"
        case _:
            what = f"Correction {verb}: {row.right}"
    return Happening(
        at=row.history_date,
        by=str(row.history_user or ""),
        what=what,
        note=getattr(row, "note", ""),
    )
