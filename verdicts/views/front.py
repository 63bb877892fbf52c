"""The front page and the search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from reviews.boards import disagreements
from reviews.verdict import standings_of, verdicts_on
from tools import search as finding
from tools.models import Category, Comparison, Tool
from verdicts.pagecache.sharing import public_page

RECENT = 8
DISAGREEING = 4


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    newest = Comparison.objects.published(now=now).newest_first().with_tools()
    verdicts = verdicts_on(newest[: RECENT + 1], now=now)
    context = {
        "lead": verdicts[0] if verdicts else None,
        "recent": verdicts[1:],
        "disagreeing": disagreements(now=now, most=DISAGREEING),
        "categories": Category.objects.with_tool_counts(),
    }
    return render(request, "verdicts/home.html", context)


@csrf_exempt
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Never an error: what cannot be found gets help."""
    now = timezone.now()
    found = finding.search(request.GET.get("q", ""), now=now)
    context = {
        "found": found,
        "standings": standings_of(found.tools, now=now),
        "verdicts": verdicts_on(found.comparisons, now=now),
    }
    if found.is_empty:
        context |= {
            "comparison_count": Comparison.objects.published(now=now).count(),
            "tool_count": Tool.objects.published().count(),
            "category_count": Category.objects.count(),
        }
    return render(request, "verdicts/search.html", context)
