"""Published tools that an editor should look at again, and why."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from django.db.models import Case, Exists, F, Max, OuterRef, QuerySet, When
from django.db.models.functions import Coalesce

from reviews.models import Review
from tools.models import Comparison, PricePoint, Tool

PRICE_IS_OLD_AFTER = dt.timedelta(days=30)
VERDICT_IS_OLD_AFTER = dt.timedelta(days=180)

Ids = QuerySet[Any, Any]


class Recheck(StrEnum):
    """Why a tool is due for a re-check; the value stands in the list's address."""

    PRICE = "price"
    VERDICT = "verdict"
    PRICE_CHANGED = "price-changed"
    RETIRED = "retired"

    @property
    def words(self) -> str:
        return {
            Recheck.PRICE: f"Price checked over {PRICE_IS_OLD_AFTER.days} days ago",
            Recheck.VERDICT: f"Verdict older than {VERDICT_IS_OLD_AFTER.days} days",
            Recheck.PRICE_CHANGED: "Price changed since the verdict",
            Recheck.RETIRED: "Replaced by another tool, still compared",
        }[self]


# The list's address for all the reasons at once.
ANY = "any"


def due(*, on: dt.date) -> QuerySet[Tool]:
    """The published tools that are due for any reason, each once."""
    ids = [due_for(reason, on=on).values("pk") for reason in Recheck]
    return Tool.objects.filter(pk__in=ids[0].union(*ids[1:], all=True))


def due_for(reason: Recheck, *, on: dt.date) -> QuerySet[Tool]:
    """The published tools that are due for that reason on the day."""
    tools = Tool.objects.published()
    match reason:
        case Recheck.PRICE:
            return tools.filter(pk__in=prices_checked_before(on - PRICE_IS_OLD_AFTER, on=on))
        case Recheck.VERDICT:
            return tools.filter(pk__in=judged_before(on - VERDICT_IS_OLD_AFTER, on=on))
        case Recheck.PRICE_CHANGED:
            return tools.filter(pk__in=prices_newer_than_verdicts(on=on))
        case Recheck.RETIRED:
            # Published or scheduled: what readers see, or will.
            compared = Comparison.objects.exclude(publish_at=None)
            named = compared.values("first").union(compared.values("second"), all=True)
            return tools.filter(pk__in=named).exclude(replaced_by=None)


def prices_checked_before(day: dt.date, *, on: dt.date) -> Ids:
    """Ids of tools whose price list was last read before the day."""
    read_on = Coalesce(
        "source__read_on",
        Case(When(basis=PricePoint.Basis.OBSERVED, then=F("effective_on"))),
    )
    tools = PricePoint.objects.effective(on=on).order_by().values("tool")
    return tools.annotate(checked_on=Max(read_on)).filter(checked_on__lt=day).values("tool")


def judged_before(day: dt.date, *, on: dt.date) -> Ids:
    """Ids of tools on which nobody has written since the day."""
    tools = Review.objects.written_by(on=on).order_by().values("tool")
    return tools.annotate(judged_on=Max("written_on")).filter(judged_on__lt=day).values("tool")


def prices_newer_than_verdicts(*, on: dt.date) -> Ids:
    """Ids of tools with a price that changed after the last verdict on them was written."""
    points = PricePoint.objects.effective(on=on).order_by()
    before = points.filter(
        tool=OuterRef("tool"),
        label=OuterRef("label"),
        unit=OuterRef("unit"),
        currency=OuterRef("currency"),
        effective_on__lt=OuterRef("effective_on"),
    )
    reviews = Review.objects.written_by(on=on).filter(tool=OuterRef("tool"))
    since = reviews.filter(written_on__gte=OuterRef("effective_on"))
    changed = points.filter(Exists(before), Exists(reviews), ~Exists(since))
    return changed.values("tool").distinct()
