"""What the price rows of one tool, or of two, say. Pure: rows in, values and sentences out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from tools.models import PriceKind, PricePoint, Tool
from tools.sentences import Sentence, joined, name, sentence

ON_REQUEST = "on request"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
COSTS_NOTHING = {
    PriceKind.FREE,
    PriceKind.FREE_TIER,
    PriceKind.OPEN_SOURCE,
    PriceKind.OPEN_WEIGHTS,
}
# Batch and cached rates are bought on other terms, so each is a unit of its own.
VARIANTS = {"batch": re.compile(r"\bbatch", re.I), "cached": re.compile(r"\bcached?\b", re.I)}
MOST_MULTIPLES_SAID = 2


def money(amount: Decimal | None, currency: str) -> str:
    """'$0.10', '12 CZK', or 'on request'; at least two decimals where there are any."""
    if amount is None:
        return ON_REQUEST
    digits = f"{amount.normalize():f}"
    whole, _, decimals = digits.partition(".")
    number = f"{int(whole):,}" + (f".{decimals.ljust(2, '0')}" if decimals else "")
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


@dataclass(frozen=True)
class Unit:
    """What an amount buys: amounts are compared within one unit only."""

    unit: str
    currency: str
    variant: str = ""

    @property
    def words(self) -> str:
        return f"{self.unit}, {self.variant}" if self.variant else self.unit

    @property
    def heading(self) -> str:
        return self.words[:1].upper() + self.words[1:]


def unit_of(point: PricePoint) -> Unit:
    variant = next((word for word, found in VARIANTS.items() if found.search(point.label)), "")
    if variant and variant in point.unit:
        variant = ""
    return Unit(unit=point.unit, currency=point.currency, variant=variant)


@dataclass(frozen=True)
class Price:
    """A current price: the latest row of its label, unit and currency, and the row before it."""

    point: PricePoint
    before: PricePoint | None = None

    @property
    def words(self) -> str:
        return money(self.point.amount, self.point.currency)

    @property
    def was(self) -> str:
        """The amount before, or '' when this is the first, or the same again."""
        if self.before is None or self.before.amount == self.point.amount:
            return ""
        return money(self.before.amount, self.before.currency)

    @cached_property
    def unit(self) -> Unit:
        return unit_of(self.point)

    @property
    def label(self) -> str:
        return self.point.label

    @property
    def checked_on(self) -> dt.date | None:
        """The day the source was read, else the day of the observation."""
        if self.point.source is not None:
            return self.point.source.read_on
        if self.point.basis == PricePoint.Basis.OBSERVED:
            return self.point.effective_on
        return None


@dataclass(frozen=True)
class PriceChange:
    """A row that replaced an earlier one of the same label, unit and currency at another amount."""

    point: PricePoint
    before: PricePoint

    @property
    def on(self) -> dt.date:
        return self.point.effective_on

    @property
    def was(self) -> str:
        return money(self.before.amount, self.before.currency)

    @property
    def now(self) -> str:
        return money(self.point.amount, self.point.currency)


@dataclass(frozen=True)
class PriceList:
    """All that is recorded of one tool's prices up to a day."""

    tool: Tool
    rows: tuple[PricePoint, ...] = ()

    @property
    def entry(self) -> str:
        return self.tool.entry_price

    @cached_property
    def kind(self) -> PriceKind:
        return PriceKind(self.tool.entry_kind)

    @property
    def kind_words(self) -> str:
        return str(self.kind.label)

    @property
    def entry_words(self) -> str:
        """'Free, open weights'; the kind is left out where it repeats the price."""
        if self.kind_words.casefold() == self.entry.casefold():
            return self.entry
        return f"{self.entry}, {self.kind_words}"

    @property
    def costs_nothing_to_start(self) -> bool:
        return self.kind in COSTS_NOTHING

    @cached_property
    def series(self) -> dict[tuple[str, str, str], list[PricePoint]]:
        series: dict[tuple[str, str, str], list[PricePoint]] = {}
        for row in sorted(self.rows, key=lambda row: (row.effective_on, row.pk or 0)):
            series.setdefault((row.label, row.unit, row.currency), []).append(row)
        return series

    @cached_property
    def current(self) -> tuple[Price, ...]:
        """The latest row per label, unit and currency, in the order they were recorded."""
        prices = [
            Price(point=rows[-1], before=rows[-2] if len(rows) > 1 else None)
            for rows in self.series.values()
        ]
        return tuple(sorted(prices, key=lambda price: price.point.pk or 0))

    @cached_property
    def recorded(self) -> tuple[Price, ...]:
        """Every row with the one that it replaced, newest first."""
        prices = [
            Price(point=row, before=before)
            for rows in self.series.values()
            for before, row in zip([None, *rows], rows, strict=False)
        ]
        return tuple(sorted(prices, key=lambda price: price.point.effective_on, reverse=True))

    @cached_property
    def changes(self) -> tuple[PriceChange, ...]:
        """Every change of an amount, newest first."""
        found = [
            PriceChange(point=row, before=before)
            for rows in self.series.values()
            for before, row in pairwise(rows)
            if before.amount != row.amount
        ]
        return tuple(sorted(found, key=lambda change: change.on, reverse=True))

    @property
    def checked_days(self) -> tuple[dt.date, ...]:
        return tuple(sorted({price.checked_on for price in self.current if price.checked_on}))

    def lowest(self, unit: Unit) -> Price | None:
        """The cheapest current price of the unit; 'on request' is none."""
        priced = [p for p in self.current if p.unit == unit and p.point.amount is not None]
        return min(priced, key=lambda price: price.point.amount or Decimal(0), default=None)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return tuple(dict.fromkeys(price.unit for price in self.current))


@dataclass(frozen=True)
class Multiple:
    """The lowest current prices of two tools at one unit, dearer against cheaper."""

    unit: Unit
    dearer_tool: Tool
    dearer: Price
    cheaper_tool: Tool
    cheaper: Price

    @property
    def times(self) -> str:
        """'costs 4 times', 'costs about 1.3 times', 'costs 5% more than'; '' when one is free."""
        high, low = self.dearer.point.amount, self.cheaper.point.amount
        if not high or not low:
            return ""
        ratio = high / low
        tenths = round(ratio, 1)
        if ratio < Decimal("1.1"):
            percent = round((ratio - 1) * 100)
            return f"costs {percent}% more than" if percent else "costs a little more than"
        about = "" if tenths == ratio else "about "
        return f"costs {about}{tenths.normalize():f} times"

    @property
    def sentence(self) -> Sentence:
        """'Per month: A (Team, $29) costs 4 times B (Pro, $7.25).'"""
        if not self.times:
            return sentence(
                "{}: {} costs nothing; {} costs {}.",
                self.unit.heading,
                _labelled(self.cheaper_tool, self.cheaper),
                _labelled(self.dearer_tool, self.dearer),
                self.dearer.words,
            )
        return sentence(
            "{}: {} {} {}.",
            self.unit.heading,
            _labelled(self.dearer_tool, self.dearer),
            self.times,
            _labelled(self.cheaper_tool, self.cheaper),
        )


def _labelled(tool: Tool, price: Price) -> Sentence:
    if not price.label:
        return name(tool.name)
    return sentence("{} ({})", name(tool.name), name(price.label))


@dataclass(frozen=True)
class PricingRow:
    """One unit of the table: the current prices of both tools side by side."""

    unit: Unit
    first: tuple[Price, ...]
    second: tuple[Price, ...]
    multiple: Multiple | None

    @property
    def sides(self) -> tuple[tuple[Price, ...], tuple[Price, ...]]:
        return self.first, self.second


@dataclass(frozen=True)
class PricingRead:
    """Two price lists read together."""

    first: PriceList
    second: PriceList

    @cached_property
    def rows(self) -> tuple[PricingRow, ...]:
        """A row per unit that either tool has; units that both have come first."""
        units = tuple(dict.fromkeys((*self.first.units, *self.second.units)))
        shared = set(self.first.units) & set(self.second.units)
        return tuple(
            PricingRow(
                unit=unit,
                first=tuple(price for price in self.first.current if price.unit == unit),
                second=tuple(price for price in self.second.current if price.unit == unit),
                multiple=self._multiple(unit),
            )
            for unit in sorted(units, key=lambda unit: unit not in shared)
        )

    @property
    def multiples(self) -> tuple[Multiple, ...]:
        """The units at which both have an amount and the amounts differ."""
        return tuple(row.multiple for row in self.rows if row.multiple)

    @property
    def sentence(self) -> Sentence:
        said = [multiple.sentence for multiple in self.multiples[:MOST_MULTIPLES_SAID]]
        return joined([self._entry_sentence, *said])

    def _multiple(self, unit: Unit) -> Multiple | None:
        one, other = self.first.lowest(unit), self.second.lowest(unit)
        if one is None or other is None or one.point.amount == other.point.amount:
            return None
        sides = [
            (one.point.amount or 0, self.first, one),
            (other.point.amount or 0, self.second, other),
        ]
        (_, low, cheaper), (_, high, dearer) = sorted(sides, key=lambda side: side[0])
        return Multiple(
            unit=unit,
            dearer_tool=high.tool,
            dearer=dearer,
            cheaper_tool=low.tool,
            cheaper=cheaper,
        )

    @property
    def _entry_sentence(self) -> Sentence:
        one, other = self.first, self.second
        if one.costs_nothing_to_start and other.costs_nothing_to_start:
            if one.kind == other.kind:
                return sentence("Both cost nothing to start ({}).", one.kind_words)
            return sentence(
                "Both cost nothing to start: {} ({}) and {} ({}).",
                name(one.tool.name),
                one.kind_words,
                name(other.tool.name),
                other.kind_words,
            )
        return sentence("{}; {}.", _start(one), _start(other))


def _start(prices: PriceList) -> Sentence:
    named = name(prices.tool.name)
    if prices.costs_nothing_to_start:
        return sentence("{} costs nothing to start ({})", named, prices.kind_words)
    if prices.kind == PriceKind.ON_REQUEST:
        return sentence("{} names its price on request", named)
    return sentence("{} starts at {} ({})", named, prices.entry, prices.kind_words)


def price_lists(tools: Sequence[Tool], rows: Iterable[PricePoint]) -> dict[int, PriceList]:
    """A price list per tool, by tool id, from rows of any of them."""
    by_tool: dict[int, list[PricePoint]] = {tool.pk: [] for tool in tools}
    for row in rows:
        by_tool[row.tool_id].append(row)
    return {tool.pk: PriceList(tool=tool, rows=tuple(by_tool[tool.pk])) for tool in tools}
