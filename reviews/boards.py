"""Lists across the whole catalogue: where panel and readers disagree, who ships how often."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import NullIf
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
    current = Review.objects.written_by(on=timezone.localdate(now)).current()
    tools = Tool.objects.published().annotate(
        judges=Count("reviews", filter=Q(reviews__in=current)),
        ships=Count("reviews", filter=Q(reviews__in=current.of_ships())),
    )
    if category:
        tools = tools.in_category(category)
    share = (F("ships") * 1.0 / NullIf(F("judges"), 0)).desc(nulls_last=True)
    return list(tools.order_by(share, "-judges", "slug").values_list("pk", flat=True))


def ship_rates(*, now: dt.datetime) -> list[tuple[Reviewer, Panel]]:
    """Every persona in panel order, with how many of the tools it judged it ships; two queries."""
    current = Review.objects.written_by(on=timezone.localdate(now)).current().of_published_tools()
    counts = current.values_list("reviewer").annotate(
        ships=Count("id", filter=Q(verdict=Review.Choice.SHIP)), of=Count("id")
    )
    rates = {reviewer: Panel(ships=ships, of=of) for reviewer, ships, of in counts}
    return [(persona, rates.get(persona.pk, Panel())) for persona in Reviewer.objects.all()]
