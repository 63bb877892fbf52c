"""What is wrong with a catalogue file, said with its place and the words at fault."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_QUOTE = 60


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `line` is 0 where the whole file is meant."""

    file: str
    line: int
    place: str
    words: str

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        place = ", ".join(part for part in (line, self.place) if part)
        return ": ".join(part for part in (self.file, place, self.words) if part)


class CatalogError(Exception):
    """The files were refused and nothing was imported; `problems` lists everything at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def quoted(text: object) -> str:
    """The words at fault, shortened, with invisible characters made visible."""
    words = str(text)
    if len(words) > LONGEST_QUOTE:
        words = words[: LONGEST_QUOTE - 1] + "…"
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in words)
    return f'"{shown}"'


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'; did you mean "aider"?', or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"; did you mean {quoted(near[0])}?" if near else ""


def described(value: object) -> str:
    """The value at fault as the editor sees it."""
    match value:
        case dict():
            return "(a mapping)"
        case list() | tuple():
            return "(a list)"
        case None:
            return "(nothing)"
        case _:
            return quoted(value)
