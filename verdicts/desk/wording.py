"""Hints on a review's text: its length, claims that a persona cannot make, and echoes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reviews.models import Review

LEAST_WORDS, MOST_WORDS = 50, 110
RUN = 5
# Echoes shown, the strongest first.
SHOWN = 3

WORD = re.compile(r"\w+(?:[’'-]\w+)*")
SENTENCE = re.compile(r"[^.!?]+[.!?]*")
# Reviewers are personas: nobody used, tested or met anything.
CLAIM = re.compile(
    r"\b(?:I|we)(?:[’']ve| have)?\s+"
    r"(?:tested|tried|used|met|ran|built|measured|benchmarked|spoke|asked|deployed)\b",
    re.IGNORECASE,
)

Run = tuple[str, ...]


@dataclass(frozen=True)
class Echo:
    """Another text of the same reviewer, and what this one shares with it."""

    of: Review
    # Of this text's five-word runs, in whole percent.
    percent: int
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Hints:
    words: int
    claims: tuple[str, ...]
    echoes: tuple[Echo, ...]

    @property
    def is_short(self) -> bool:
        return self.words < LEAST_WORDS

    @property
    def is_long(self) -> bool:
        return self.words > MOST_WORDS


def hints_on(text: str, *, others: Iterable[Review]) -> Hints:
    """What an editor should look at before this text goes out."""
    return Hints(
        words=len(WORD.findall(text)),
        claims=tuple(found.group() for found in CLAIM.finditer(text)),
        echoes=tuple(echoes(text, others)),
    )


def echoes(text: str, others: Iterable[Review]) -> list[Echo]:
    """The texts that share five words in a row with this one, the most alike first."""
    own = runs(text)
    found = []
    for other in others:
        if common := own & runs(other.text):
            sentences = tuple(
                sentence.strip() for sentence in SENTENCE.findall(text) if runs(sentence) & common
            )
            percent = max(1, round(100 * len(common) / len(own)))
            found.append(Echo(of=other, percent=percent, sentences=sentences))
    return sorted(found, key=lambda echo: -echo.percent)[:SHOWN]


def runs(text: str) -> set[Run]:
    """Every five words that stand in a row, in lower case."""
    words = [word.lower() for word in WORD.findall(text)]
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
