"""What may honestly be said of a count of votes. Pure: numbers in, numbers and words out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

# Two-sided 95% of the normal distribution.
Z = 1.959963984540054
# Counted votes, or picks, below which no share is shown.
LEAST_VOTES = 20
# Where that many come from before a first score appears; once there, it stays.
LEAST_NETWORK_DAYS = 10
LEAST_DAYS = 2
# Counted votes below which a tool is listed but not ranked.
LEAST_TO_RANK = 50
# The evidence at which readers are said to lean, and the certainty at which that ends.
LEAN_AT_EVIDENCE = 20
LEAN_ENDS_BELOW = Fraction(9, 10)

NO_VOTES = "no votes yet"


def wilson(ships: int, skips: int) -> tuple[float, float]:
    """The 95% interval of the share of ships, as fractions of 1.

    Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212: closed form, and never outside 0..1.
    Raises ValueError without votes.
    """
    n = ships + skips
    if n <= 0:
        raise ValueError("an interval needs at least one vote")
    p = ships / n
    d = 1 + Z * Z / n
    middle = (p + Z * Z / (2 * n)) / d
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / d
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Share:
    """Readers' counted votes on one tool. `is_settled`: they come from enough days and networks."""

    ships: int = 0
    skips: int = 0
    is_settled: bool = False

    @property
    def votes(self) -> int:
        return self.ships + self.skips

    @property
    def is_scored(self) -> bool:
        """A share may be shown."""
        return self.votes >= LEAST_VOTES and self.is_settled

    @property
    def fraction(self) -> float:
        return self.ships / self.votes

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.ships, self.skips)

    @property
    def percent(self) -> int:
        """The share as a whole percent, halves up."""
        return (200 * self.ships + self.votes) // (2 * self.votes)

    @property
    def low(self) -> int:
        """Lower bound in whole percent, rounded outwards."""
        return math.floor(self.interval[0] * 100 + 1e-9)

    @property
    def high(self) -> int:
        """Upper bound in whole percent, rounded outwards."""
        return math.ceil(self.interval[1] * 100 - 1e-9)

    @property
    def is_early(self) -> bool:
        low, high = self.interval
        return (high - low) / 2 > 0.10

    @property
    def range_words(self) -> str:
        return f"{self.low}–{self.high}%"

    @property
    def words(self) -> str:
        """The whole statement: share, range and count; or why there is none."""
        if self.is_scored:
            return (
                f"{self.percent}% ship · 95% range {self.range_words} · {self.votes} reader votes"
            )
        return self.why_unscored

    @property
    def short(self) -> str:
        """For lists: '74% (68–80%)', or why there is no score."""
        if self.is_scored:
            return f"{self.percent}% ({self.range_words})"
        return self.why_unscored

    @property
    def why_unscored(self) -> str:
        if not self.votes:
            return NO_VOTES
        votes = "1 vote" if self.votes == 1 else f"{self.votes} votes"
        return (
            f"{votes}, too few to score"
            if self.votes < LEAST_VOTES
            else (f"{votes}, too new to score")
        )

    @property
    def leaning(self) -> str:
        """What the interval alone says of the readers who voted."""
        low, high = self.interval
        if low > 0.5:
            return "Most voting readers ship it"
        if high < 0.5:
            return "Most voting readers skip it"
        return "Voting readers are split"


def ranges_overlap(one: Share, other: Share) -> bool:
    """Neither 95% range lies wholly above the other."""
    (low, high), (other_low, other_high) = one.interval, other.interval
    return low <= other_high and other_low <= high
