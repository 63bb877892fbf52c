"""The staff's queue: held votes group by group, and what staff may know of those who cast them.

No network, no browser and no voter is named; how many there were is.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from tools.models import Tool
from votes.holds import Counts, rows_of
from votes.models import Pick, PickTally, Reason, Tally, Vote
from votes.shares import PickShare, Share


@dataclass(frozen=True)
class Hour:
    """One bar of the day. `height`: in tenths of the day's busiest hour."""

    number: int
    votes: int
    height: float

    @property
    def top(self) -> float:
        """Where the bar begins, as drawings count: from above."""
        return 10 - self.height


@dataclass(frozen=True)
class Group:
    """Held votes of one reason on one tool (or pair) in one day, and what staff may know of them.

    `tally`: what is kept of the subject. `only_here`: votes whose voter cast no other;
    `voted_before`: whose voter had voted on a day before. `by_hour`: votes of each hour (UTC).
    """

    tools: list[Tool]
    reason: Reason
    day: dt.date
    held: Counts
    tally: Tally | PickTally
    networks: int
    most_of_one_network: int
    agents: int
    most_of_one_agent: int
    only_here: int
    voted_before: int
    seconds_between: float | None
    by_hour: Counter[int]

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
    def hours(self) -> list[Hour]:
        busiest = max(self.by_hour.values())
        return [
            Hour(number, self.by_hour[number], 10 * self.by_hour[number] / busiest)
            for number in range(24)
        ]

    @property
    def hours_words(self) -> str:
        """'08 h: 12, 14 h: 3'."""
        return ", ".join(f"{hour:02} h: {votes}" for hour, votes in sorted(self.by_hour.items()))

    @property
    def held_words(self) -> str:
        return self._words(self.held)

    @property
    def now_words(self) -> str:
        return self._words(self.tally.counts)

    @property
    def after_words(self) -> str:
        """What would be counted, were the group released."""
        return self._words(self._after)

    @property
    def now_score(self) -> str:
        """As readers see it."""
        return self._score(self.tally.counts)

    @property
    def after_score(self) -> str:
        return self._score(self._after)

    @property
    def _after(self) -> Counts:
        return {word: self.tally.counts[word] + held for word, held in self.held.items()}

    def _words(self, counts: Counts) -> str:
        """'12 ship, 3 skip'; a pair's boxes by their tools' names."""
        names = dict(zip(("lower", "higher"), (tool.name for tool in self.tools), strict=False))
        return ", ".join(f"{counts[word]} {names.get(word, word)}" for word in self.held)

    def _score(self, counts: Counts) -> str:
        is_settled = self.tally.is_settled
        if isinstance(self.tally, Tally):
            return Share(counts["ship"], counts["skip"], is_settled).words
        return PickShare(
            counts["lower"], counts["higher"], counts["neither"], is_settled=is_settled
        ).words


def held_groups() -> list[Group]:
    """Every group that waits for a decision, the oldest first. Six queries at most."""
    groups = []
    for model in (Vote, Pick):
        rows = rows_of(GROUPS, model)
        subjects = [tuple(row.pop("subject")) for row in rows]
        tools = Tool.objects.in_bulk({pk for subject in subjects for pk in subject})
        tallies = {tally.subject: tally for tally in model.tallies.about(subjects)}
        for row, subject in zip(rows, subjects, strict=True):
            choices = row.pop("choices")
            groups.append(
                Group(
                    tools=[tools[pk] for pk in subject],
                    reason=Reason(row.pop("reason")),
                    held={word: choices.count(box) for word, box in model.boxes.items()},
                    tally=tallies[subject],
                    by_hour=Counter(row.pop("hours")),
                    **row,
                )
            )
    return sorted(groups, key=lambda group: (group.day, group.title, group.reason))


GROUPS = """
WITH held AS (
    SELECT ARRAY[{columns}] AS subject, reason, (created_at AT TIME ZONE 'UTC')::date AS day,
           choice, net_hash, agent_hash, created_at,
           count(*) OVER (PARTITION BY voter) = 1 AND NOT EXISTS (
               SELECT FROM {table} AS other WHERE other.voter = mine.voter AND other.status <> 1
           ) AS is_only_here,
           EXISTS (
               SELECT FROM {table} AS other WHERE other.voter = mine.voter
               AND other.created_at < date_trunc('day', mine.created_at, 'UTC')
           ) AS has_voted_before
    FROM {table} AS mine
    WHERE status = 1 AND choice <> 0 AND decision_id IS NULL
), told AS (
    SELECT *, count(net_hash) OVER (PARTITION BY subject, reason, day, net_hash) AS of_network,
           count(agent_hash) OVER (PARTITION BY subject, reason, day, agent_hash) AS of_agent,
           extract(epoch FROM created_at - lag(created_at)
                   OVER (PARTITION BY subject, reason, day ORDER BY created_at)) AS gap
    FROM held
)
SELECT subject, reason, day, array_agg(choice) AS choices,
       array_agg(extract(hour FROM created_at AT TIME ZONE 'UTC')::int) AS hours,
       count(DISTINCT net_hash) AS networks, max(of_network) AS most_of_one_network,
       count(DISTINCT agent_hash) AS agents, max(of_agent) AS most_of_one_agent,
       count(*) FILTER (WHERE is_only_here) AS only_here,
       count(*) FILTER (WHERE has_voted_before) AS voted_before,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS seconds_between
FROM told
GROUP BY subject, reason, day
"""
