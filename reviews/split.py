"""Who on the panel ships and who skips which of two tools: rows for the figure, and a sentence.

Pure: current reviews in, values out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reviews.models import Review, Reviewer
from tools.models import Tool
from tools.sentences import Sentence, joined, name, sentence

NUMBER_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def number_word(count: int) -> str:
    return NUMBER_WORDS.get(count, str(count))


@dataclass(frozen=True)
class SplitRow:
    """One persona's verdict on each tool; None where it has not judged."""

    reviewer: Reviewer
    first: Review | None
    second: Review | None

    @property
    def judged_both(self) -> bool:
        return self.first is not None and self.second is not None

    @property
    def agrees(self) -> bool:
        return (
            self.first is not None
            and self.second is not None
            and self.first.verdict == self.second.verdict
        )

    @property
    def splits(self) -> bool:
        return self.judged_both and not self.agrees

    @property
    def is_empty(self) -> bool:
        return self.first is None and self.second is None


@dataclass(frozen=True)
class Split:
    first: Tool
    second: Tool
    rows: tuple[SplitRow, ...]

    @cached_property
    def common(self) -> tuple[SplitRow, ...]:
        """The rows of those who judged both."""
        return tuple(row for row in self.rows if row.judged_both)

    @property
    def covers_everyone(self) -> bool:
        """Nobody judged only one of the two."""
        return all(row.judged_both or row.is_empty for row in self.rows)

    @cached_property
    def ships_first(self) -> int:
        """Of those who judged both, how many ship the first."""
        return sum(row.first is not None and row.first.is_ship for row in self.common)

    @cached_property
    def ships_second(self) -> int:
        return sum(row.second is not None and row.second.is_ship for row in self.common)

    @property
    def scorecard(self) -> list[tuple[Reviewer, list[tuple[Tool, Review | None]]]]:
        """Each reviewer with what it wrote on either tool; None where it has not."""
        return [
            (row.reviewer, [(self.first, row.first), (self.second, row.second)])
            for row in self.rows
        ]

    @property
    def sentence(self) -> Sentence:
        """'All four ship both.', 'All four ship A. The Skeptic alone skips B.'"""
        if all(row.judged_both for row in self.rows) and self.rows:
            everyone = len(self.rows)
            for verb, ships in (("ship", everyone), ("skip", 0)):
                if self.ships_first == self.ships_second == ships:
                    return sentence("All {} {} both.", number_word(everyone), verb)
        if all(row.is_empty for row in self.rows):
            return sentence("Nobody on the panel has reviewed either yet.")
        return joined(
            [
                _on_one(self.first, [(row.reviewer, row.first) for row in self.rows]),
                _on_one(self.second, [(row.reviewer, row.second) for row in self.rows]),
            ]
        )


def _on_one(tool: Tool, judged: Sequence[tuple[Reviewer, Review | None]]) -> Sentence:
    named = name(tool.name)
    ships = [reviewer.name for reviewer, review in judged if review and review.is_ship]
    skips = [reviewer.name for reviewer, review in judged if review and not review.is_ship]
    missing = [reviewer.name for reviewer, review in judged if review is None]
    count = len(ships) + len(skips)
    if not count:
        return sentence("Nobody on the panel has reviewed {} yet.", named)
    if not skips or not ships:
        verb = "ship" if ships else "skip"
        who = f"All {number_word(count)}" if not missing else _listed([*ships, *skips])
        said = sentence("{} {} {}", who, _agreeing(verb, count), named)
    elif len(skips) == 1 and count > 2:
        said = sentence("{} alone skips {}", skips[0], named)
    elif len(ships) == 1 and count > 2:
        said = sentence("{} alone ships {}", ships[0], named)
    else:
        said = sentence(
            "{} {} {}; {} {} it",
            _listed(ships),
            _agreeing("ship", len(ships)),
            named,
            _inside(_listed(skips)),
            _agreeing("skip", len(skips)),
        )
    if missing:
        has = "has" if len(missing) == 1 else "have"
        return sentence("{}; {} {} not reviewed it yet.", said, _inside(_listed(missing)), has)
    return sentence("{}.", said)


def _agreeing(verb: str, count: int) -> str:
    return verb if count > 1 else f"{verb}s"


def _listed(names: Sequence[str]) -> str:
    """'The Builder', 'The Builder and the Founder', 'The Builder, the Skeptic and the Founder'."""
    first, *rest = names
    if not rest:
        return first
    *middle, last = [_inside(each) for each in rest]
    return ", ".join([first, *middle]) + f" and {last}"


def _inside(words: str) -> str:
    """The words as they stand inside a sentence: 'the Builder'."""
    return "the " + words.removeprefix("The ") if words.startswith("The ") else words
