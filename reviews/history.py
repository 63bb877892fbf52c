"""What happened to two tools' prices and verdicts, dated, newest first. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

from reviews.models import Review
from reviews.standing import Panel
from tools.models import Correction, Tool
from tools.pricing import PriceList
from tools.sentences import Sentence, name, sentence


class EventKind(StrEnum):
    PRICE = "price"
    VERDICT = "verdict"
    REVIEW = "review"
    CORRECTION = "correction"


@dataclass(frozen=True)
class Event:
    """One dated line of the history. `before` and `after`: the verdicts of a changed mind."""

    on: dt.date
    kind: EventKind
    text: Sentence
    before: str = ""
    after: str = ""


def events_of(
    tools: Iterable[tuple[PriceList, Sequence[Review]]], corrections: Iterable[Correction] = ()
) -> tuple[Event, ...]:
    """The events of several tools; each tool's reviews come oldest first, superseded ones too."""
    found = [_corrected(correction) for correction in corrections]
    for prices, reviews in tools:
        found += _price_changes(prices)
        found += _judgements(prices.tool, reviews)
    return tuple(sorted(found, key=lambda event: event.on, reverse=True))


def changes_since(day: dt.date, events: Iterable[Event]) -> str:
    """'1 price change, 2 verdicts changed' after that day, or ''."""
    later = [event.kind for event in events if event.on > day]
    counts = (
        (later.count(EventKind.PRICE), "price change", "price changes"),
        (later.count(EventKind.VERDICT), "verdict changed", "verdicts changed"),
        (later.count(EventKind.CORRECTION), "correction", "corrections"),
    )
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)


def _corrected(correction: Correction) -> Event:
    assert correction.published_at is not None
    return Event(
        on=timezone.localdate(correction.published_at),
        kind=EventKind.CORRECTION,
        text=sentence("Correction: {} It said: {}", correction.right, correction.wrong),
    )


def _price_changes(prices: PriceList) -> list[Event]:
    return [
        Event(
            on=change.on,
            kind=EventKind.PRICE,
            text=sentence(
                "Price change: {}, {}{}, {} to {}.{}",
                name(prices.tool.name),
                sentence("{}, ", name(change.point.label)) if change.point.label else "",
                change.point.unit,
                change.was,
                change.now,
                f" {change.point.note}" if change.point.note else "",
            ),
        )
        for change in prices.changes
    ]


def _judgements(tool: Tool, reviews: Sequence[Review]) -> list[Event]:
    """First verdicts gathered by day; every later one of the same persona on its own."""
    found: list[Event] = []
    first_on: dict[dt.date, list[Review]] = {}
    latest: dict[int, Review] = {}
    for review in reviews:
        before = latest.get(review.reviewer_id)
        latest[review.reviewer_id] = review
        if before is None:
            first_on.setdefault(review.written_on, []).append(review)
        else:
            found.append(_second_thought(tool, before, review))
    for day, written in first_on.items():
        panel = Panel.of_reviews(written)
        found.append(
            Event(
                on=day,
                kind=EventKind.REVIEW,
                text=sentence(
                    "{} on {}: {} ship.",
                    "First verdict" if panel.of == 1 else "First verdicts",
                    name(tool.name),
                    panel.count_words,
                ),
            )
        )
    return found


def _second_thought(tool: Tool, before: Review, after: Review) -> Event:
    named = name(tool.name)
    if before.verdict == after.verdict:
        said = sentence(
            "{} wrote on {} again: still {}.", after.reviewer.name, named, after.verdict
        )
        return Event(on=after.written_on, kind=EventKind.REVIEW, text=said)
    said = sentence("{}, on {}.", after.reviewer.name, named)
    if after.note:
        said = sentence("{} {}", said, after.note)
    return Event(
        on=after.written_on,
        kind=EventKind.VERDICT,
        text=said,
        before=before.verdict,
        after=after.verdict,
    )
