"""What may honestly be said of a count of votes. Pure: numbers in, numbers and words out."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
LEAN_ENDS_BELOW = 0.90

NO_VOTES = "no votes yet"
NO_PICKS = "no picks yet"


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


def rounded_percent(part: int, whole: int) -> int:
    """The share as a whole percent, halves up."""
    return (200 * part + whole) // (2 * whole)


def range_words(interval: tuple[float, float]) -> str:
    """'38–79%', rounded outwards, so that 0% and 100% are never rounded into."""
    low, high = interval
    return f"{math.floor(low * 100 + 1e-9)}–{math.ceil(high * 100 - 1e-9)}%"


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

    @cached_property
    def interval(self) -> tuple[float, float]:
        return wilson(self.ships, self.skips)

    @property
    def percent(self) -> int:
        return rounded_percent(self.ships, self.votes)

    @property
    def is_early(self) -> bool:
        low, high = self.interval
        return (high - low) / 2 > 0.10

    @property
    def range_words(self) -> str:
        return range_words(self.interval)

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
        return _why_unscored(self.votes, "vote", NO_VOTES)

    @property
    def leaning(self) -> str:
        """What the interval alone says of the readers who voted."""
        low, high = self.interval
        if low > 0.5:
            return "Most voting readers ship it"
        if high < 0.5:
            return "Most voting readers skip it"
        return "Voting readers are not settled" if self.is_early else "Voting readers are split"


def ranges_overlap(one: Share, other: Share) -> bool:
    """Neither 95% range lies wholly above the other."""
    (low, high), (other_low, other_high) = one.interval, other.interval
    return low <= other_high and other_low <= high


def votes_to_flip(leading: Share, trailing: Share) -> int:
    """The fewest further skips of the leading tool after which the readers' lean is gone.

    The lean is that the leading tool's 95% range lies wholly above the other's; 0 without one.
    """
    target = trailing.interval[1]

    def leans(more: int) -> bool:
        return wilson(leading.ships, leading.skips + more)[0] > target

    if not leans(0):
        return 0
    too_few, enough = 0, 1
    while leans(enough):
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (middle, enough) if leans(middle) else (too_few, middle)
    return enough


# --- The readers' lean -------------------------------------------------------------------


def evidence_below_half(ships: int, skips: int) -> float:
    """E(s, k): how strongly the votes speak against 'at least half would ship it'.

    A mixture likelihood ratio under a uniform prior, valid at any time (Ville's inequality):
    a tool of which half the readers would ship it ever reaches 20 with a chance below 5%,
    however often one looks. Infinite where a float ends.
    """
    n = ships + skips
    term, total = 1 / (ships + 1), 0.0
    for m in range(ships + 1, n + 2):
        total += term
        if term < total * 1e-17 or math.isinf(total):
            break
        term *= (n + 1 - m) / (m + 1)
    return total


def certainty_below_half(ships: int, skips: int) -> float:
    """The probability that fewer than half would ship it, under a uniform prior."""
    if skips < ships:
        return 1 - certainty_below_half(skips, ships)
    # By symmetry: the binomial tail of n+1 fair coins, summed outwards from its edge.
    n = ships + skips
    log_edge = _log_comb(n + 1, ships) - (n + 1) * math.log(2)
    term = math.exp(log_edge)
    total = 0.0
    for m in range(ships, -1, -1):
        total += term
        if term <= total * 1e-17:
            break
        term *= m / (n + 2 - m)
    return 1 - total


def lean_after(lean: str, *, ships: int, skips: int) -> str:
    """'ship', 'skip' or '': what the readers lean to at this count, given their lean before it.

    A lean begins on evidence alone and ends when the certainty has fallen, so that
    the label does not flicker. The database keeps the same rule (`votes_lean_after`).
    """
    if ships + skips >= LEAST_VOTES:
        if evidence_below_half(ships, skips) >= LEAN_AT_EVIDENCE:
            return "skip"
        if evidence_below_half(skips, ships) >= LEAN_AT_EVIDENCE:
            return "ship"
    if lean == "skip" and certainty_below_half(ships, skips) < LEAN_ENDS_BELOW:
        return ""
    if lean == "ship" and certainty_below_half(skips, ships) < LEAN_ENDS_BELOW:
        return ""
    return lean


def certainty_words(certainty: float) -> str:
    """'97%', and never more than '>99%'."""
    return ">99%" if certainty > 0.99 else f"{math.floor(certainty * 100)}%"


# --- Picks on a pair ---------------------------------------------------------------------


@dataclass(frozen=True)
class PickShare:
    """Readers' counted picks on a pair, in the order of the page."""

    first: int = 0
    second: int = 0
    neither: int = 0
    is_settled: bool = False

    @property
    def picks(self) -> int:
        return self.first + self.second + self.neither

    @property
    def decisive(self) -> int:
        return self.first + self.second

    @property
    def is_scored(self) -> bool:
        """The three shares may be shown."""
        return self.picks >= LEAST_VOTES and self.is_settled

    @property
    def is_decisive(self) -> bool:
        """The share of those who chose one may be shown."""
        return self.decisive >= LEAST_VOTES and self.is_settled

    @property
    def first_words(self) -> str:
        return self._share_words(self.first)

    @property
    def second_words(self) -> str:
        return self._share_words(self.second)

    @property
    def neither_words(self) -> str:
        return self._share_words(self.neither)

    @property
    def first_percent(self) -> int:
        """Of those who chose one."""
        return rounded_percent(self.first, self.decisive)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% range of the first tool's share of those who chose one."""
        return wilson(self.first, self.second)

    @property
    def decisive_words(self) -> str:
        """'69% (60–77%)': the first tool's share of those who chose one; '' while too few."""
        if not self.is_decisive:
            return ""
        return f"{self.first_percent}% ({range_words(self.interval)})"

    @property
    def words(self) -> str:
        """How many picks, and why there is no share where there is none."""
        if self.is_scored:
            return f"{self.picks} picks"
        return _why_unscored(self.picks, "pick", NO_PICKS)

    # The bar, in percent with one decimal and a plain dot: first, then neither, then second.
    @property
    def first_width(self) -> str:
        return f"{100 * self.first / self.picks:.1f}"

    @property
    def second_width(self) -> str:
        return f"{100 * self.second / self.picks:.1f}"

    @property
    def second_start(self) -> str:
        return f"{100 * (self.picks - self.second) / self.picks:.1f}"

    def _share_words(self, part: int) -> str:
        if not self.is_scored:
            return ""
        interval = wilson(part, self.picks - part)
        picks = "1 pick" if part == 1 else f"{part} picks"
        return f"{rounded_percent(part, self.picks)}% ({range_words(interval)}), {picks}"


# --- Ranks -------------------------------------------------------------------------------


def rank_ranges(intervals: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """The best and the worst place that each may hold: ranges that overlap share places."""
    lows = sorted(low for low, _ in intervals)
    highs = sorted(high for _, high in intervals)
    n = len(intervals)
    return [
        (1 + n - bisect_right(lows, high), n - bisect_left(highs, low)) for low, high in intervals
    ]


def _why_unscored(count: int, noun: str, none: str) -> str:
    if not count:
        return none
    counted = f"1 {noun}" if count == 1 else f"{count} {noun}s"
    return f"{counted}, too few to score" if count < LEAST_VOTES else f"{counted}, too new to score"


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
