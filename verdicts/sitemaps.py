"""What robots are told: the map of canonical, published addresses, and robots.txt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import Issue
from reviews.models import Review, Reviewer
from tools.models import Category, Comparison, PricePoint, Tool
from verdicts.pagecache.sharing import public_page

# The protocol's own limit for one file; beyond it the map is a list of pages.
MOST_ADDRESSES = 50_000

# Pages that there is one of.
SINGLE = (
    "home",
    "comparison_index",
    "tool_index",
    "category_index",
    "reviewer_index",
    "leaderboard",
    "method",
    "corrections",
    "privacy",
    "issue_index",
)

Changes = dict[int, dt.datetime]
Entry = tuple[str, dt.datetime | None]


def changed_tools(tool_ids: Iterable[int] | None = None) -> Changes:
    """When what is said of each tool changed last: its texts, a price, a review. Never a vote."""
    changes: Changes = {}
    sources: list[tuple[QuerySet[Any], str, str]] = [
        (Tool.objects.all(), "pk", "created_at"),
        (Tool.history.all(), "id", "history_date"),
        (PricePoint.objects.all(), "tool_id", "created_at"),
        (Review.objects.all(), "tool_id", "created_at"),
    ]
    for rows, tool, at in sources:
        if tool_ids is not None:
            rows = rows.filter(**{f"{tool}__in": list(tool_ids)})
        for tool_id, moment in rows.order_by().values_list(tool).annotate(Max(at)):
            second = moment.replace(microsecond=0)
            changes[tool_id] = max(second, changes.get(tool_id, second))
    return changes


def changed_comparisons(comparisons: Iterable[Comparison], tools: Changes) -> Changes:
    """The same for comparisons: its own headline, its publication, and either tool."""
    history = Comparison.history.order_by().values_list("id").annotate(Max("history_date"))
    edited: Changes = dict(history)
    return {
        row.pk: max(
            moment
            for moment in (
                row.publish_at,
                edited.get(row.pk),
                tools.get(row.first_id),
                tools.get(row.second_id),
            )
            if moment is not None
        ).replace(microsecond=0)
        for row in comparisons
    }


def entries(*, now: dt.datetime) -> Iterator[Entry]:
    """Path and last change of every canonical, published page; none of paging or filters."""
    for name in SINGLE:
        yield reverse(name), None
    for category in Category.objects.all():
        yield category.get_absolute_url(), None
    for reviewer in Reviewer.objects.all():
        yield reviewer.get_absolute_url(), None
    tools = changed_tools()
    comparisons = list(Comparison.objects.published(now=now).newest_first().with_tools())
    changed = changed_comparisons(comparisons, tools)
    for comparison in comparisons:
        yield comparison.get_absolute_url(), changed[comparison.pk]
    for tool in Tool.objects.published().by_name().only("slug"):
        yield tool.get_absolute_url(), tools.get(tool.pk)
    for issue in Issue.objects.sent_to_readers():
        yield issue.get_absolute_url(), None


@require_safe
@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One map; above the limit, a list of its pages at `?page=`."""
    addresses = list(entries(now=timezone.now()))
    pages = -(-len(addresses) // MOST_ADDRESSES)
    asked = request.GET.get("page", "")
    if asked and asked not in map(str, range(1, pages + 1)):
        raise Http404("There is no such page of the map.")
    if pages > 1 and not asked:
        context: dict[str, Any] = {"pages": range(1, pages + 1)}
    else:
        start = (int(asked or 1) - 1) * MOST_ADDRESSES
        context = {"entries": addresses[start : start + MOST_ADDRESSES]}
    return render(request, "verdicts/sitemap.xml", context, content_type="application/xml")


ROBOTS = """\
User-agent: *
Disallow: /admin/
Disallow: /preview/

Sitemap: {sitemap}
"""


@require_safe
@public_page
def robots(request: HttpRequest) -> HttpResponse:
    text = ROBOTS.format(sitemap=settings.SITE_URL + reverse("sitemap"))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
