"""The one place where panel, readers and prices become a verdict on two tools.

`Standing` is one tool, `Verdict` a pair; both are values, never rows. `answer` is the rule
that the method page prints: a pure function of numbers that the page shows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from django.utils import timezone

from reviews.history import Event, changes_since, events_of
from reviews.models import Review, Reviewer
from reviews.reasons import (
    LEAST_COMMON_REVIEWERS,
    differences,
    panel_reason,
    readers_reason,
    reason,
)
from reviews.split import Split, SplitRow
from reviews.standing import Panel, Standing, disagreement
from tools.models import Comparison, Correction, PricePoint, Tool, in_order, pair_slug
from tools.prepared import Prepared
from tools.pricing import PriceList, PricingRead, price_lists
from tools.sentences import Sentence, name, sentence
from votes.models import PickTally, Tally
from votes.shares import PickShare, Share, ranges_overlap, votes_to_flip

NO_VERDICT = "No verdict yet"
NOTHING_DIFFERS = "Nothing we record separates them."


class Kind(StrEnum):
    SHIP = "ship"
    OPPOSED = "opposed"
    TIE = "tie"
    NONE = "none"


@dataclass(frozen=True)
class Answer:
    """Which one to ship, and why, in sentences whose numbers stand on the page."""

    kind: Kind
    line: Sentence
    panel_reason: Sentence
    readers_reason: Sentence
    reason: str
    tool: Tool | None = None
    panel_tool: Tool | None = None
    readers_tool: Tool | None = None
    deciding: Sentence | None = None
    votes_to_flip: int | None = None

    @property
    def summary(self) -> Sentence:
        """For lists and mail: the line, and for a tie what decides."""
        return sentence("{} {}", self.line, self.deciding) if self.deciding else self.line

    @property
    def icon(self) -> str:
        return "split" if self.kind is Kind.OPPOSED else str(self.kind)


def answer(first: Standing, second: Standing, split: Split) -> Answer:
    """The rules of the method page, in their order.

    `split` holds the panel's rows on the two tools, in the same order.
    """
    panel_tool = _panel_leans_to(split)
    readers_tool = _readers_lean_to(first, second)
    panel_could = len(split.common) >= LEAST_COMMON_REVIEWERS
    readers_could = first.community.is_scored and second.community.is_scored
    deciding = None
    tool = None
    if panel_tool and readers_tool and panel_tool != readers_tool:
        kind = Kind.OPPOSED
        line = sentence(
            "The panel would ship {}; readers would ship {}.",
            name(panel_tool.name),
            name(readers_tool.name),
        )
    elif tool := panel_tool or readers_tool:
        kind, line = Kind.SHIP, sentence("Ship {}.", name(tool.name))
    elif panel_could or readers_could:
        kind, line = Kind.TIE, sentence("A tie.")
        deciding = next(differences(first, second, split), sentence(NOTHING_DIFFERS))
    else:
        kind, line = Kind.NONE, sentence(f"{NO_VERDICT}.")
    return Answer(
        kind=kind,
        line=line,
        tool=tool,
        panel_tool=panel_tool,
        readers_tool=readers_tool,
        panel_reason=panel_reason(split, panel_tool),
        readers_reason=readers_reason(first, second, readers_tool),
        reason=reason(first, second, split, panel_tool, readers_tool) if tool else "",
        deciding=deciding,
        votes_to_flip=_votes_to_flip(first, second, readers_tool),
    )


def _panel_leans_to(split: Split) -> Tool | None:
    if len(split.common) < LEAST_COMMON_REVIEWERS or split.ships_first == split.ships_second:
        return None
    return split.first if split.ships_first > split.ships_second else split.second


def _readers_lean_to(first: Standing, second: Standing) -> Tool | None:
    one, other = first.community, second.community
    if not (one.is_scored and other.is_scored) or ranges_overlap(one, other):
        return None
    return first.tool if one.interval > other.interval else second.tool


def _votes_to_flip(first: Standing, second: Standing, leading: Tool | None) -> int | None:
    if leading is None:
        return None
    if leading == first.tool:
        return votes_to_flip(first.community, second.community)
    return votes_to_flip(second.community, first.community)


# --- Verdicts on many pairs at once --------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """Two standings in canonical order, the answer, and every date it rests on."""

    first: Standing
    second: Standing
    split: Split
    picks: PickShare
    events: tuple[Event, ...]
    comparison: Comparison | None = None

    @cached_property
    def answer(self) -> Answer:
        return answer(self.first, self.second, self.split)

    @cached_property
    def pricing(self) -> PricingRead:
        return PricingRead(first=self.first.prices, second=self.second.prices)

    @property
    def slug(self) -> str:
        return pair_slug(self.first.tool, self.second.tool)

    @property
    def standings(self) -> tuple[Standing, Standing]:
        return self.first, self.second

    @property
    def headline(self) -> str:
        return self.comparison.headline if self.comparison else ""

    @cached_property
    def published_on(self) -> dt.date | None:
        """The day of publication in the site's time zone."""
        if self.comparison is None or self.comparison.publish_at is None:
            return None
        return timezone.localdate(self.comparison.publish_at)

    @cached_property
    def written_days(self) -> tuple[dt.date, ...]:
        """Days on which the current reviews were written, oldest first."""
        return _days(r.written_on for s in self.standings for r in s.reviews)

    @cached_property
    def checked_days(self) -> tuple[dt.date, ...]:
        """Days on which the current prices were checked, oldest first."""
        return _days(day for s in self.standings for day in s.prices.checked_days)

    @property
    def since(self) -> str:
        """'1 price change, 2 verdicts changed' since publication, or ''."""
        return changes_since(self.published_on, self.events) if self.published_on else ""


def verdict_on(comparison: Comparison, *, now: dt.datetime) -> Verdict:
    """Six queries, whatever the comparison holds; its tools come with it."""
    [verdict] = verdicts_on([comparison], now=now)
    return verdict


def verdict_of_pair(
    one: Tool, other: Tool, *, comparison: Comparison | None = None, now: dt.datetime
) -> Verdict:
    """What the data says of two tools, whether or not an editor has set them side by side."""
    [verdict] = _verdicts([(comparison, *in_order(one, other))], now=now)
    return verdict


def verdicts_on(comparisons: Iterable[Comparison], *, now: dt.datetime) -> list[Verdict]:
    """One verdict per comparison, in the same order, by as many queries as for one."""
    return _verdicts([(each, *each.pair) for each in comparisons], now=now)


def standings_of(tools: Sequence[Tool], *, now: dt.datetime) -> list[Standing]:
    """One standing per tool, in the same order, by three queries."""
    record = _Record.of(tools, now=now)
    return [record.standing(tool) for tool in tools]


def _verdicts(
    pairs: Sequence[tuple[Comparison | None, Tool, Tool]], *, now: dt.datetime
) -> list[Verdict]:
    if not pairs:
        return []
    tools = {tool.pk: tool for _, first, second in pairs for tool in (first, second)}
    record = _Record.of(list(tools.values()), now=now)
    panel = PANEL()
    picks = {frozenset(tally.subject): tally for tally in PICKS(list(tools))}
    corrections = CORRECTIONS(list(tools), now)
    verdicts = []
    for comparison, first, second in pairs:
        one, other = record.standing(first), record.standing(second)
        picked = picks.get(frozenset((first.pk, second.pk)))
        rows = tuple(
            SplitRow(persona, one.review_by(persona.pk), other.review_by(persona.pk))
            for persona in panel
        )
        verdict = Verdict(
            comparison=comparison,
            first=one,
            second=other,
            split=Split(first=first, second=second, rows=rows),
            picks=picked.share_from(first.pk) if picked else PickShare(),
            events=events_of(
                [(one.prices, record.reviews[first.pk]), (other.prices, record.reviews[second.pk])],
                [each for each in corrections if each.concerns(first, second)],
            ),
        )
        verdicts.append(verdict)
    return verdicts


# All that a verdict is read from, for one pair or for a hundred.
PANEL = Prepared(Reviewer.objects.all)
REVIEWS = Prepared(
    lambda tool_ids, day: Review.objects.of_tools(tool_ids).written_by(on=day).in_panel_order()
)
POINTS = Prepared(
    lambda tool_ids, day: PricePoint.objects.of_tools(tool_ids).effective(on=day).with_source()
)
TALLIES = Prepared(lambda tool_ids: Tally.objects.of_tools(tool_ids))
PICKS = Prepared(lambda tool_ids: PickTally.objects.between(tool_ids))
CORRECTIONS = Prepared(
    lambda tool_ids, now: Correction.objects.published(now=now).concerning(tool_ids).with_pairs()
)


@dataclass(frozen=True)
class _Record:
    """All rows that standings are made of, read once for many tools."""

    reviews: dict[int, list[Review]]
    prices: dict[int, PriceList]
    tallies: dict[int, Tally]

    @classmethod
    def of(cls, tools: Sequence[Tool], *, now: dt.datetime) -> _Record:
        ids = [tool.pk for tool in tools]
        today = timezone.localdate(now)
        reviews: dict[int, list[Review]] = {pk: [] for pk in ids}
        for review in REVIEWS(ids, today):
            reviews[review.tool_id].append(review)
        return cls(
            reviews=reviews,
            prices=price_lists(tools, POINTS(ids, today)),
            tallies={tally.pk: tally for tally in TALLIES(ids)},
        )

    def standing(self, tool: Tool) -> Standing:
        current = {review.reviewer_id: review for review in self.reviews[tool.pk]}
        reviews = tuple(current.values())
        tally = self.tallies.get(tool.pk)
        panel = Panel.of_reviews(reviews)
        return Standing(
            tool=tool,
            reviews=reviews,
            community=tally.share if tally else Share(),
            prices=self.prices[tool.pk],
            disagreement=disagreement(panel, tally.lean, tally.share) if tally else "",
        )


def _days(days: Iterable[dt.date]) -> tuple[dt.date, ...]:
    return tuple(sorted(set(days)))
