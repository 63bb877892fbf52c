"""What an import would change, in words: the one truth of the command and of the upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verdicts.catalog.fates import Fate


@dataclass(frozen=True)
class Difference:
    """One field in words: what stands there, and what will. Both may be empty."""

    field: str
    was: str
    will: str


@dataclass(frozen=True)
class Row:
    """One row of the catalogue and what becomes of it."""

    kind: str
    name: str
    fate: Fate
    differences: tuple[Difference, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """What changes in a row that is there: 'name', 'sources' ..."""
        is_change = self.fate is Fate.CHANGED
        return tuple(one.field for one in self.differences) if is_change else ()

    def __str__(self) -> str:
        words = f"{self.fate.value}: {self.kind} {self.name}"
        return f"{words} ({', '.join(self.fields)})" if self.fields else words


@dataclass(frozen=True)
class Changes:
    """Every row that the files hold, with its fate."""

    rows: tuple[Row, ...]

    def of(self, fate: Fate) -> list[Row]:
        return [row for row in self.rows if row.fate is fate]

    @property
    def summary(self) -> str:
        """'12 added, 1 changed, 30 unchanged', counting the rows of every kind."""
        return ", ".join(
            f"{len(self.of(fate))} {fate.value}"
            for fate in (Fate.ADDED, Fate.CHANGED, Fate.UNCHANGED)
        )


def difference(key: str, was: Any, will: Any) -> Difference:
    """In an editor's words: no underscores, nothing for what is not set."""
    field = key.removesuffix("_on").replace("_", " ")
    return Difference(field, *("" if value is None else str(value) for value in (was, will)))
