"""Held votes: what the night releases by rule, and what staff decide on, group by group.

A group is what one reason held on one tool, or on one pair, in one day (UTC).
Nobody edits a choice: votes are released, rejected with a reason and an actor, or kept held.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tools.models import Tool
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


@dataclass(frozen=True)
class Group:
    """Held votes of one reason on one tool (or pair) in one day, and what staff may know of them.

    `counts`: what is counted on the subject now. `only_here`: votes whose voter cast no other.
    """

    tools: list[Tool]
    reason: Reason
    day: dt.date
    held: Counts
    counts: Counts
    networks: int
    most_of_one_network: int
    agents: int
    only_here: int
    seconds_between: float | None

    @property
    def key(self) -> str:
        """How a form names the group."""
        ids = "-".join(str(tool.pk) for tool in self.tools)
        return f"{ids}.{self.reason.value}.{self.day.isoformat()}"

    @property
    def title(self) -> str:
        return " vs ".join(tool.name for tool in self.tools)

    @property
    def votes(self) -> int:
        return sum(self.held.values())

    @property
    def held_words(self) -> str:
        return self._words(self.held)

    @property
    def now_words(self) -> str:
        return self._words(self.counts)

    @property
    def after_words(self) -> str:
        """What would be counted, were the group released."""
        return self._words({word: self.counts[word] + held for word, held in self.held.items()})

    def _words(self, counts: Counts) -> str:
        """'12 ship, 3 skip'; a pair's boxes by their tools' names."""
        names = dict(zip(("lower", "higher"), (tool.name for tool in self.tools), strict=False))
        return ", ".join(f"{counts[word]} {names.get(word, word)}" for word in self.held)


def held_groups() -> list[Group]:
    """Every group that waits for a decision, the oldest first. Six queries at most."""
    groups = []
    for model in (Vote, Pick):
        rows = _rows(GROUPS, model)
        subjects = [tuple(row["subject"]) for row in rows]
        tools = Tool.objects.in_bulk({pk for subject in subjects for pk in subject})
        counts = {tally.subject: tally.counts for tally in model.tallies.about(subjects)}
        for row, subject in zip(rows, subjects, strict=True):
            groups.append(
                Group(
                    tools=[tools[pk] for pk in subject],
                    reason=Reason(row["reason"]),
                    day=row["day"],
                    held={word: row["choices"].count(box) for word, box in model.boxes.items()},
                    counts=counts[subject],
                    networks=row["networks"],
                    most_of_one_network=row["most_of_one_network"],
                    agents=row["agents"],
                    only_here=row["only_here"],
                    seconds_between=row["seconds_between"],
                )
            )
    return sorted(groups, key=lambda group: (group.day, group.title, group.reason))


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
        "today": now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        "reasons": [reason.value for reason in RELEASED_BY_RULE],
        "quota": settings.VOTES_TOOL_FRESH,
        "most": settings.VOTES_RELEASE_MOST,
        "share": settings.VOTES_RELEASE_SHARE,
    }
    released = 0
    for model in (Vote, Pick):
        with transaction.atomic():
            ids = [row["id"] for row in _rows(RELEASABLE, model, values)]
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


def _after(before: Counts, decided: Counter[str], action: AuditEntry.Action) -> Counts:
    if action == Action.KEPT:
        return before
    released = decided if action == Action.RELEASED else Counter()
    after = {word: count + released[word] for word, count in before.items()}
    return after | {"held": before["held"] - decided.total()}


def _rows(
    statement: str, model: type[Vote] | type[Pick], values: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    columns = ", ".join(model.subject_columns)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=model._meta.db_table, columns=columns), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


GROUPS = """
WITH held AS (
    SELECT ARRAY[{columns}] AS subject, reason, (created_at AT TIME ZONE 'UTC')::date AS day,
           choice, net_hash, agent_hash, created_at,
           count(*) OVER (PARTITION BY voter) = 1 AND NOT EXISTS (
               SELECT FROM {table} AS other WHERE other.voter = mine.voter AND other.status <> 1
           ) AS is_only_here
    FROM {table} AS mine
    WHERE status = 1 AND choice <> 0 AND decision_id IS NULL
), told AS (
    SELECT *, count(*) OVER (PARTITION BY subject, reason, day, net_hash) AS of_network,
           extract(epoch FROM created_at - lag(created_at)
                   OVER (PARTITION BY subject, reason, day ORDER BY created_at)) AS gap
    FROM held
)
SELECT subject, reason, day, array_agg(choice) AS choices,
       count(DISTINCT net_hash) AS networks, max(of_network) AS most_of_one_network,
       count(DISTINCT agent_hash) AS agents, count(*) FILTER (WHERE is_only_here) AS only_here,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS seconds_between
FROM told
GROUP BY subject, reason, day
"""
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
