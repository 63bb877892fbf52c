"""Where one tool stands with panel, readers and price. Pure values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from reviews.models import Review
from tools.models import Tool
from tools.pricing import PriceList
from votes.shares import Share, certainty_below_half, certainty_words, rounded_percent

NOT_JUDGED = "no verdict yet"
# Panel and readers can only be said to disagree over a panel of that many, this sure of itself.
LEAST_PANEL_TO_DISAGREE = 3
SURE_PANEL_SHARE = Fraction(3, 4)


@dataclass(frozen=True)
class Panel:
    """How many reviewers ship a tool, of those who judged it. Four personas are no sample:
    a panel share never has an interval."""

    ships: int = 0
    of: int = 0

    @classmethod
    def of_reviews(cls, reviews: Collection[Review]) -> Panel:
        return cls(ships=sum(review.is_ship for review in reviews), of=len(reviews))

    @property
    def is_judged(self) -> bool:
        return self.of > 0

    @property
    def percent(self) -> int:
        return rounded_percent(self.ships, self.of)

    @property
    def words(self) -> str:
        return f"{self.percent}% panel ship" if self.is_judged else NOT_JUDGED

    @property
    def count_words(self) -> str:
        return f"{self.ships} of {self.of}" if self.is_judged else NOT_JUDGED


@dataclass(frozen=True)
class Standing:
    """One tool: what the panel says, what readers say, what it costs."""

    tool: Tool
    reviews: tuple[Review, ...]
    community: Share
    prices: PriceList
    disagreement: str = ""

    @cached_property
    def panel(self) -> Panel:
        return Panel.of_reviews(self.reviews)

    def review_by(self, reviewer_id: int) -> Review | None:
        return next((r for r in self.reviews if r.reviewer_id == reviewer_id), None)


def disagreement(panel: Panel, lean: str, share: Share) -> str:
    """The sentence for a panel and readers who lean apart by more than chance, or ''.

    `lean` is the readers' stored lean ('', 'ship', 'skip'): the evidence rule of the ballot box,
    which a glance at the interval alone cannot replace.
    """
    if panel.of < LEAST_PANEL_TO_DISAGREE or not share.is_scored:
        return ""
    fraction = Fraction(panel.ships, panel.of)
    if lean == "skip" and fraction >= SURE_PANEL_SHARE:
        sure = certainty_words(certainty_below_half(share.ships, share.skips))
        return f"Panel says ship; voting readers lean skip (probability {sure})"
    if lean == "ship" and fraction <= 1 - SURE_PANEL_SHARE:
        sure = certainty_words(certainty_below_half(share.skips, share.ships))
        return f"Panel says skip; voting readers lean ship (probability {sure})"
    return ""
