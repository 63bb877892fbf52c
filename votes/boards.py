"""Rankings by readers, what is trending, and the public line of every month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Lower

from tools.models import Category, Tool, ToolQuerySet
from votes.days import start_of_day
from votes.models import MonthOfVotes, Tally
from votes.shares import Share, rank_ranges

# A vote's weight in the trend halves in a week, and is nothing after eight.
TREND_HALF_LIFE_DAYS = 7
TREND_DAYS = 56
# What a tool needs in the last week to trend at all.
TREND_LEAST_VOTERS = 10
TREND_LEAST_DAYS = 2

# Ids of tools, in an order, not read yet.
Ids = QuerySet[Tool, int]


@dataclass(frozen=True)
class Place:
    """A ranked tool: its readers' share, and the best and the worst rank that the share allows."""

    tool_id: int
    share: Share
    best: int
    worst: int

    @property
    def words(self) -> str:
        """'1–3', or '4' where no other range overlaps."""
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def readers_board(*, category: Category | None = None) -> list[Place]:
    """The ranked tools, by the lower end of the readers' 95% range. One query.

    Ranked is what is published and has a share from at least LEAST_TO_RANK counted votes.
    """
    tallies = Tally.objects.ranked()
    if category:
        tallies = tallies.in_category(category)
    rows = [
        (share.interval, share, slug, tool_id)
        for tool_id, slug, ships, skips in tallies.values_list(
            "tool_id", "tool__slug", "ships", "skips"
        )
        for share in [Share(ships, skips, is_settled=True)]
    ]
    rows.sort(key=lambda row: (-row[0][0], -row[1].votes, row[2]))
    ranges = rank_ranges([interval for interval, *_ in rows])
    return [
        Place(tool_id, share, best, worst)
        for (_, share, _, tool_id), (best, worst) in zip(rows, ranges, strict=True)
    ]


def waiting(*, category: Category | None = None) -> Ids:
    """The published tools that are not ranked, the most voted first."""
    tools = _published(category).exclude(pk__in=Tally.objects.ranked().values("pk"))
    votes = Coalesce(F("tally__ships") + F("tally__skips"), 0)
    return tools.order_by(votes.desc(), Lower("name"), "slug").values_list("pk", flat=True)


def trending(*, category: Category | None = None) -> Ids:
    """The published tools that trend, the strongest first."""
    tools = _published(category).filter(trend__isnull=False)
    return tools.order_by("-trend__score", "slug").values_list("pk", flat=True)


def newest(*, category: Category | None = None) -> Ids:
    """The published tools by their launch, those of unknown launch last."""
    launched = F("launched_on").desc(nulls_last=True)
    return _published(category).order_by(launched, "slug").values_list("pk", flat=True)


@transaction.atomic
def refresh_trends(*, now: dt.datetime) -> None:
    """Compute every tool's trend anew: too much work for a page, even from daily sums."""
    today = start_of_day(now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM votes_trend")
        cursor.execute(
            TRENDS,
            {
                "today": today.date(),
                "since": today - dt.timedelta(days=TREND_DAYS - 1),
                "half_life": TREND_HALF_LIFE_DAYS,
                "voters": TREND_LEAST_VOTERS,
                "days": TREND_LEAST_DAYS,
            },
        )


def write_the_months(*, now: dt.datetime) -> None:
    """Keep the lines of the months that are over."""
    MonthOfVotes.objects.bulk_create(
        _months_between(BEGINNING, _first_of_month(now)),
        update_conflicts=True,
        unique_fields=["month"],
        update_fields=["cast", "counted", "held", "rejected"],
    )


def months(*, now: dt.datetime) -> list[MonthOfVotes]:
    """The public lines, the newest month first; this month's as it stands now."""
    first = _first_of_month(now)
    this_month = _months_between(first, now + dt.timedelta(days=1))
    return [*this_month, *MonthOfVotes.objects.before(first.date())]


def _months_between(since: dt.datetime, until: dt.datetime) -> list[MonthOfVotes]:
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [since, until])
        return [
            MonthOfVotes(month=month, cast=cast, counted=counted, held=held, rejected=rejected)
            for month, cast, counted, held, rejected in cursor.fetchall()
        ]


def _published(category: Category | None) -> ToolQuerySet:
    tools = Tool.objects.published()
    return tools.in_category(category) if category else tools


def _first_of_month(now: dt.datetime) -> dt.datetime:
    return start_of_day(now).replace(day=1)


TRENDS = """
INSERT INTO votes_trend (tool_id, score)
SELECT tool_id, sum(choice * power(0.5, (%(today)s::date - day) / %(half_life)s::float8))
FROM (
    SELECT tool_id, choice, (created_at AT TIME ZONE 'UTC')::date AS day
    FROM votes_vote WHERE status = 0 AND choice <> 0 AND created_at >= %(since)s::timestamptz
) AS recent
GROUP BY tool_id
HAVING sum(choice * power(0.5, (%(today)s::date - day) / %(half_life)s::float8)) > 0
   AND count(*) FILTER (WHERE day > %(today)s::date - 7) >= %(voters)s
   AND count(DISTINCT day) FILTER (WHERE day > %(today)s::date - 7) >= %(days)s
"""
BEGINNING = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MONTHS = """
SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::date, count(*),
       count(*) FILTER (WHERE status = 0 AND choice <> 0),
       count(*) FILTER (WHERE status = 1 AND choice <> 0),
       count(*) FILTER (WHERE status = 2)
FROM votes_vote WHERE created_at >= %s AND created_at < %s
GROUP BY 1 ORDER BY 1 DESC
"""
