"""Held votes: what the night releases by rule, and what staff decide on, group by group.

A group is what one reason held on one tool, or on one pair, in one day (UTC): see
`queue.py`. Nobody edits a choice: votes are released, rejected with a reason and an actor, or kept.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tools.models import Tool
from votes.days import start_of_day
from votes.models import AuditEntry, Pick, Reason, Status, Vote

NIGHTLY_RULE = "the nightly rule"
# What the night may release; the rest waits for staff.
RELEASED_BY_RULE = [
    Reason.FAST,
    Reason.COOKIE,
    Reason.NETWORK_ON_TOOL,
    Reason.NETWORK_RATE,
    Reason.UNCHECKED,
]
Action = AuditEntry.Action
Counts = dict[str, int]
STATUS_AFTER = {
    Action.RELEASED: Status.COUNTED,
    Action.REJECTED: Status.REJECTED,
    Action.KEPT: Status.HELD,
}


class NothingHeldError(LookupError):
    """The group has been decided on already, or never was."""


def decide(key: str, *, action: AuditEntry.Action, actor: str, note: str, now: dt.datetime) -> int:
    """Release, reject or keep the group of that key, all of it at once; how many votes it was.

    Raises NothingHeldError when it holds nothing, ValueError without a note or for a senseless key.
    """
    if not note.strip():
        raise ValueError("A decision needs a note.")
    ids, reason, day = key.split(".")
    subject = tuple(int(part) for part in ids.split("-"))
    model = Vote if len(subject) == 1 else Pick
    with transaction.atomic():
        papers = (
            model.objects.about(subject)
            .undecided()
            .held_for(Reason(int(reason)), on=dt.date.fromisoformat(day))
            .locked()
        )
        if not papers:
            raise NothingHeldError(key)
        [tally] = model.tallies.about([subject]).locked()
        before = tally.counts
        entry = AuditEntry.objects.create(
            at=now,
            actor=actor,
            action=action,
            note=note.strip(),
            subject=" vs ".join(Tool.objects.filter(pk__in=subject).values_list("slug", flat=True)),
            reason=int(reason),
            votes=len(papers),
            vote_ids=[paper.pk for paper in papers],
            before=before,
            after=_after(before, Counter(paper.box for paper in papers), action),
        )
        model.objects.filter(pk__in=[paper.pk for paper in papers]).update(
            status=STATUS_AFTER[action], decision=entry
        )
    return len(papers)


def release_by_rule(*, now: dt.datetime) -> int:
    """What the night releases of the days before; how many votes it was.

    Of one network on one tool in one day: up to VOTES_RELEASE_MOST, when they are no more than
    VOTES_RELEASE_SHARE of its votes of that day (an office, spread over tools); and always as
    many as its quota of new cookies lets through (a household that votes on one tool).
    """
    values = {
        "today": start_of_day(now),
        "reasons": [reason.value for reason in RELEASED_BY_RULE],
        "quota": settings.VOTES_TOOL_FRESH,
        "most": settings.VOTES_RELEASE_MOST,
        "share": settings.VOTES_RELEASE_SHARE,
    }
    released = 0
    for model in (Vote, Pick):
        with transaction.atomic():
            ids = [row["id"] for row in rows_of(RELEASABLE, model, values)]
            papers = model.objects.filter(pk__in=ids).undecided().locked()
            model.tallies.about({paper.subject for paper in papers}).locked()
            released += model.objects.filter(pk__in=[paper.pk for paper in papers]).update(
                status=Status.COUNTED
            )
    if released:
        AuditEntry.objects.create(
            at=now, actor=NIGHTLY_RULE, action=Action.RELEASED_NIGHTLY, votes=released
        )
    return released


def rows_of(
    statement: str, model: type[Vote] | type[Pick], values: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    columns = ", ".join(model.subject_columns)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=model._meta.db_table, columns=columns), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _after(before: Counts, decided: Counter[str], action: AuditEntry.Action) -> Counts:
    if action == Action.KEPT:
        return before
    released = decided if action == Action.RELEASED else Counter()
    after = {word: count + released[word] for word, count in before.items()}
    return after | {"held": before["held"] - decided.total()}


# Hashes are salted by the day, so one hash is one network on one day.
RELEASABLE = """
WITH waiting AS (
    SELECT DISTINCT net_hash FROM {table}
    WHERE status = 1 AND choice <> 0 AND decision_id IS NULL AND net_hash IS NOT NULL
      AND reason = ANY(%(reasons)s) AND created_at < %(today)s
), network AS (
    SELECT net_hash, {columns}, count(*) AS here,
           sum(count(*)) OVER (PARTITION BY net_hash) AS everywhere
    FROM {table} JOIN waiting USING (net_hash)
    WHERE choice <> 0 AND status <> 2
    GROUP BY net_hash, {columns}
)
SELECT id FROM {table} JOIN network USING (net_hash, {columns})
WHERE status = 1 AND choice <> 0 AND decision_id IS NULL
  AND reason = ANY(%(reasons)s) AND created_at < %(today)s
  AND (here <= %(quota)s::int OR here <= %(most)s::int AND here <= %(share)s::float8 * everywhere)
"""
