"""Tools and their categories."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reviews.models import Review, Reviewer
from reviews.verdict import standings_of, verdicts_on
from tools.models import Category, Comparison, Openness, PriceKind, Tool
from verdicts.charts import price_charts
from verdicts.listings import NO_OTHER_ORDER, PICKABLE, chosen, chosen_row, listing, paged
from verdicts.pagecache.sharing import public_page
from votes.ballots import ballots_for

# Comparisons on a tool's or a category's own page.
NEWEST = 12


@require_safe
@public_page
@paged
def tool_index(request: HttpRequest, *, page: int) -> HttpResponse:
    rows = Tool.objects.published().by_name().with_category()
    category = chosen_row(request, "category", Category.objects.all())
    openness = chosen(request, "openness", Openness.values)
    price = chosen(request, "price", PriceKind.values)
    chosen(request, "sort", NO_OTHER_ORDER)
    if category:
        rows = rows.in_category(category)
    if openness:
        rows = rows.of_openness(openness)
    if price:
        rows = rows.of_price_kind(price)
    filters = {
        "category": category.slug if category else "",
        "openness": openness,
        "price": price,
    }
    found = listing(rows, page=page, filters=filters)
    context = {
        "listing": found,
        "standings": standings_of(list(found.page), now=timezone.now()),
        "kinds": _kinds(openness, price),
        "category": category,
        "categories": Category.objects.all(),
        "opennesses": Openness.choices,
        "price_kinds": PriceKind.choices,
    }
    return render(request, "verdicts/tool_index.html", context)


def _kinds(openness: str, price: str) -> str:
    """' (open source, free tier)' for the title of a filtered list, '' for the whole one."""
    said = [Openness(openness).label] if openness else []
    said += [f"entry {PriceKind(price).label}"] if price else []
    return f" ({', '.join(said)})" if said else ""


@require_safe
@public_page
def tool_detail(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    tool = Tool.objects.published().with_category().by_any_slug([slug]).get(slug)
    if tool is None:
        raise Http404("There is no published tool at this address.")
    if tool.slug != slug:
        return redirect(tool, permanent=True)
    context = tool_context(tool, now=now) | {"ballot": ballots_for(request, [tool])[tool.pk]}
    return render(request, "verdicts/tool_detail.html", context)


def tool_context(tool: Tool, *, now: dt.datetime) -> dict[str, Any]:
    """What the page says of a tool, published or not: all but the reader's ballot."""
    today = timezone.localdate(now)
    [standing] = standings_of([tool], now=now)
    comparisons = Comparison.objects.published(now=now).of_tool(tool).newest_first().with_tools()
    written = Review.objects.of_tools([tool.pk]).written_by(on=today).newest_first()
    return {
        "tool": tool,
        "standing": standing,
        "sources": tool.sources.all(),
        "charts": price_charts(standing.prices, today=today),
        "panel": Reviewer.objects.prefetch_related(Prefetch("reviews", written, "opinions")),
        "verdicts": verdicts_on(comparisons[:NEWEST], now=now),
        "pickable": Tool.objects.published().beside(tool, most=PICKABLE),
    }


@require_safe
@public_page
def category_index(request: HttpRequest) -> HttpResponse:
    context = {"categories": Category.objects.with_tool_counts()}
    return render(request, "verdicts/category_index.html", context)


@require_safe
@public_page
@paged
def category_detail(request: HttpRequest, slug: str, *, page: int) -> HttpResponse:
    now = timezone.now()
    category = get_object_or_404(Category, slug=slug)
    tools = Tool.objects.published().in_category(category).by_name().with_category()
    found = listing(tools, page=page)
    comparisons = Comparison.objects.published(now=now).in_category(category).newest_first()
    context = {
        "category": category,
        "listing": found,
        "standings": standings_of(list(found.page), now=now),
        "verdicts": verdicts_on(comparisons.with_tools()[:NEWEST], now=now),
    }
    return render(request, "verdicts/category_detail.html", context)
