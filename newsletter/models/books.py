"""The books of an issue: how many mails stand where, and how fast they go."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# Progress is measured over the last minutes.
RATE_OVER = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Books:
    """How many deliveries of an issue stand where. They balance at any moment."""

    audience: int
    pending: int
    claimed: int
    deferred: int
    sent: int
    failed: int
    suppressed: int
    ambiguous: int
    sent_lately: int = 0

    @property
    def open(self) -> int:
        """Still to be tried."""
        return self.pending + self.claimed + self.deferred

    @property
    def settled(self) -> int:
        return self.sent + self.failed + self.suppressed + self.ambiguous

    @property
    def balance(self) -> bool:
        return self.audience == self.open + self.settled

    @property
    def per_second(self) -> float:
        """Messages sent per second over the last two minutes."""
        return self.sent_lately / RATE_OVER.total_seconds()

    @property
    def time_left(self) -> dt.timedelta | None:
        """How long the pending ones take at that rate; None while nothing moves."""
        if not self.sent_lately:
            return None
        return dt.timedelta(seconds=round((self.pending + self.claimed) / self.per_second))
