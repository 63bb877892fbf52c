"""What becomes of dated rows that a file brings, beside those that are kept. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeVar

Content = TypeVar("Content")


class Fate(Enum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    # Another row of that day is kept, and dated rows are never changed.
    CLASH = "clash"


def fates(
    written: Sequence[tuple[dt.date, Content]], kept: Mapping[dt.date, Content]
) -> list[Fate]:
    """The fate of each written row of one price line, or of one reviewer on one tool.

    The newest one written is compared with the latest kept, whatever its date; older ones are
    history, and compared with what held on their day. So the same rows again change nothing.
    """
    order = sorted(range(len(written)), key=lambda position: written[position][0])
    timeline = dict(kept)
    found = [Fate.UNCHANGED] * len(written)
    for position in order:
        day, content = written[position]
        is_newest = position == order[-1]
        held = max((other for other in timeline if is_newest or other <= day), default=None)
        # What this very file has just added is no reason to leave out what it says next.
        is_held = held in kept and kept[held] == content if held else False
        if kept.get(day) == content or is_held:
            continue
        if day in kept:
            found[position] = Fate.CLASH
        else:
            found[position] = Fate.ADDED
            timeline[day] = content
    return found
