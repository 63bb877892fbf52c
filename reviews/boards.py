"""Lists across the whole catalogue: where panel and readers disagree, who ships how often."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Count, F, OuterRef, Subquery
from django.utils import timezone

from reviews.models import Review, Reviewer
from reviews.standing import LEAST_PANEL_TO_DISAGREE, Panel, Standing
from reviews.verdict import standings_of
from tools.models import Category, Tool

# Tools looked at, most voted first, to find the few that are shown.
CANDIDATES = 24


def disagreements(*, now: dt.datetime, most: int) -> list[Standing]:
    """The tools on which panel and readers disagree, the most voted first; four queries."""
    against = Review.objects.filter(tool=OuterRef("pk")).exclude(verdict=OuterRef("tally__lean"))
    count = against.order_by().values("tool").annotate(count=Count("pk")).values("count")
    candidates = (
        Tool.objects.published()
        .with_category()
        .filter(tally__lean__in=["ship", "skip"])
        .alias(against=Subquery(count), voices=F("tally__ships") + F("tally__skips"))
        .filter(against__gte=LEAST_PANEL_TO_DISAGREE)
        .order_by("-voices", "slug")[:CANDIDATES]
    )
    standings = standings_of(list(candidates), now=now)
    return [standing for standing in standings if standing.disagreement][:most]


def by_panel(*, now: dt.datetime, category: Category | None = None) -> list[int]:
    """Ids of the published tools by the panel's share, then by how many judged; one query."""
    values = {"today": timezone.localdate(now), "category": category.pk if category else None}
    with connection.cursor() as cursor:
        cursor.execute(CURRENT + BY_PANEL, values)
        return [tool_id for (tool_id,) in cursor.fetchall()]


def ship_rates(*, now: dt.datetime) -> list[tuple[Reviewer, Panel]]:
    """Every persona in panel order, with how many of the tools it judged it ships; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT + SHIP_RATES, {"today": timezone.localdate(now)})
        rates = {
            reviewer: Panel(ships=ships, of=judged) for reviewer, ships, judged in cursor.fetchall()
        }
    return [(persona, rates.get(persona.pk, Panel())) for persona in Reviewer.objects.all()]


# The current reviews, read from one index in its order, and no review's text. What follows
# goes on from there.
CURRENT = """
WITH current AS (
    SELECT DISTINCT ON (reviewer_id, tool_id) reviewer_id, tool_id, verdict
    FROM reviews_review WHERE written_on <= %(today)s::date
    ORDER BY reviewer_id DESC, tool_id DESC, written_on DESC
)
"""
SHIP_RATES = """
SELECT reviewer_id, count(*) FILTER (WHERE verdict = 'ship'), count(*) FROM current
WHERE NOT EXISTS (SELECT FROM tools_tool WHERE id = tool_id AND NOT is_published)
GROUP BY reviewer_id
"""
BY_PANEL = """
, panel AS (
    SELECT tool_id, count(*) FILTER (WHERE verdict = 'ship') AS ships, count(*) AS judges
    FROM current GROUP BY tool_id
)
SELECT id FROM tools_tool LEFT JOIN panel ON tool_id = id
WHERE is_published AND category_id = coalesce(%(category)s::bigint, category_id)
ORDER BY ships::float8 / judges DESC NULLS LAST, judges DESC, lower(name), slug
"""
