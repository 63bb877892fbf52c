"""What robots are told: the map of canonical, published addresses, and robots.txt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import Issue
from reviews.models import Review, Reviewer
from tools.models import Category, Comparison, PricePoint, Tool
from verdicts.listings import InTurn, Rows
from verdicts.pagecache.sharing import public_page

# Addresses on one page of the map; with more of them the map is a list of its pages. The
# protocol allows 50,000, which would take seconds to write.
MOST_ADDRESSES = 1_000

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


def changed_tools(tool_ids: Iterable[int]) -> Changes:
    """When what is said of each tool changed last: its texts, a price, a review. Never a vote."""
    changes: Changes = {}
    ids = list(tool_ids)
    sources: list[tuple[QuerySet[Any], str, str]] = [
        (Tool.objects.all(), "pk", "created_at"),
        (Tool.history.all(), "id", "history_date"),
        (PricePoint.objects.all(), "tool_id", "created_at"),
        (Review.objects.all(), "tool_id", "created_at"),
    ]
    for rows, tool, at in sources:
        of_these = rows.filter(**{f"{tool}__in": ids}).order_by()
        for tool_id, moment in of_these.values_list(tool).annotate(Max(at)):
            second = moment.replace(microsecond=0)
            changes[tool_id] = max(second, changes.get(tool_id, second))
    return changes


def changed_comparisons(comparisons: Sequence[Comparison]) -> Changes:
    """The same for comparisons: its own headline, its publication, and either tool."""
    tools = changed_tools({side for row in comparisons for side in (row.first_id, row.second_id)})
    history = Comparison.history.filter(id__in=[row.pk for row in comparisons])
    edited: Changes = dict(history.order_by().values_list("id").annotate(Max("history_date")))
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


class AddressesOfComparisons(Rows):
    """Published comparisons, the newest first, with their last changes."""

    def __getitem__(self, asked: Any) -> list[Entry]:
        comparisons = super().__getitem__(asked)
        changed = changed_comparisons(comparisons)
        return [(row.get_absolute_url(), changed[row.pk]) for row in comparisons]


class AddressesOfTools(Rows):
    """Published tools by name, with their last changes."""

    def __getitem__(self, asked: Any) -> list[Entry]:
        tools = super().__getitem__(asked)
        changed = changed_tools([tool.pk for tool in tools])
        return [(tool.get_absolute_url(), changed.get(tool.pk)) for tool in tools]


def few_addresses() -> list[Entry]:
    """Of all pages but those of tools and comparisons."""
    rows = [
        *Category.objects.with_tools(),
        *Reviewer.objects.all(),
        *Issue.objects.sent_to_readers(),
    ]
    return [
        *((reverse(name), None) for name in SINGLE),
        *((row.get_absolute_url(), None) for row in rows),
    ]


def addresses(*, now: dt.datetime) -> Sequence[Entry]:
    """Path and last change of every canonical, published page; none of paging or filters."""
    comparisons = Comparison.objects.published(now=now).newest_first()
    return InTurn(
        few_addresses(),
        AddressesOfComparisons(comparisons.select_related("first", "second")),
        AddressesOfTools(Tool.objects.published().by_name().only("slug")),
    )


@require_safe
@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One map; above the limit, a list of its pages at `?page=`."""
    pages = Paginator(addresses(now=timezone.now()), MOST_ADDRESSES)
    asked = request.GET.get("page", "")
    if asked and asked not in map(str, pages.page_range):
        raise Http404("There is no such page of the map.")
    if pages.num_pages > 1 and not asked:
        context: dict[str, Any] = {"pages": pages.page_range}
    else:
        context = {"entries": pages.page(asked or 1).object_list}
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
