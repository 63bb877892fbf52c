"""Synthetic votes at scale, for benchmarks: by COPY past the trigger, tallies built afterwards."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator, Sequence

from django.db import connection, transaction

from votes import recount

Progress = Callable[[str, int, int], None]

# Rows in one COPY, and between two words of progress.
STRIDE = 50_000
SPREAD_DAYS = 365
COLUMNS = "tool_id, voter, choice, status, reason, changes, created_at, changed_at"


@transaction.atomic
def grow_votes(
    count: int, *, tool_ids: Sequence[int], now: dt.datetime, progress: Progress
) -> None:
    """Add that many counted votes of as many voters over the last year, in order of time.

    A few tools get many and most get few, each with a leaning of its own.
    """
    dice = random.Random(count)  # noqa: S311
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(tool_ids) + 1)))
    shares = {tool_id: dice.betavariate(4, 2.5) for tool_id in tool_ids}
    with connection.cursor() as cursor:
        # Checked as they come, so that the switch back meets nothing pending.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE votes_vote DISABLE TRIGGER vote_keeps_its_tally")
        for start in range(0, count, STRIDE):
            size = min(STRIDE, count - start)
            tools = dice.choices(tool_ids, cum_weights=weights, k=size)
            moments = _moments(start, size, count, now=now)
            with cursor.copy(f"COPY votes_vote ({COLUMNS}) FROM STDIN") as stream:
                stream.write("".join(_lines(dice, tools, moments, shares)))
            progress("votes", start + size, count)
        cursor.execute("ALTER TABLE votes_vote ENABLE TRIGGER vote_keeps_its_tally")
        recount.rebuild(actor="grow_catalog", now=now, is_in_order=False)
        cursor.execute(
            "UPDATE votes_tally SET is_settled = true, has_two_days = true, network_days = 10, "
            "first_counted_on = %s WHERE ships + skips >= 20",
            [now.date()],
        )
        cursor.execute("ANALYZE votes_vote")
        cursor.execute("ANALYZE votes_tally")


def _moments(start: int, size: int, count: int, *, now: dt.datetime) -> Iterator[str]:
    step = dt.timedelta(days=SPREAD_DAYS) / count
    first = now - dt.timedelta(days=SPREAD_DAYS) + start * step
    return ((first + place * step).isoformat() for place in range(size))


def _lines(
    dice: random.Random, tools: list[int], moments: Iterator[str], shares: dict[int, float]
) -> Iterator[str]:
    for tool_id, moment in zip(tools, moments, strict=True):
        choice = 1 if dice.random() < shares[tool_id] else -1
        voter = f"{dice.getrandbits(128):032x}"
        yield f"{tool_id}\t{voter}\t{choice}\t0\t0\t0\t{moment}\t{moment}\n"
