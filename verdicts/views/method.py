"""Who judges, and by which rules."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reviews import reasons, standing
from reviews.boards import ship_rates
from reviews.models import Review, Reviewer
from verdicts.listings import listing, paged
from verdicts.pagecache.sharing import public_page
from votes import boards, shares

# Months of the public line of votes.
MONTHS = 12


@require_safe
@public_page
def reviewer_index(request: HttpRequest) -> HttpResponse:
    context = {"panel": ship_rates(now=timezone.now())}
    return render(request, "verdicts/reviewer_index.html", context)


@require_safe
@public_page
@paged
def reviewer_detail(request: HttpRequest, slug: str, *, page: int) -> HttpResponse:
    now = timezone.now()
    rates = {reviewer.slug: (reviewer, rate) for reviewer, rate in ship_rates(now=now)}
    if slug not in rates:
        raise Http404("There is no such reviewer.")
    reviewer, rate = rates[slug]
    reviews = Review.objects.by(reviewer).current(on=timezone.localdate(now))
    rows = reviews.of_published_tools().newest_first().with_tools()
    found = listing(rows, page=page, count=rate.of)
    context = {"reviewer": reviewer, "rate": rate, "listing": found}
    return render(request, "verdicts/reviewer_detail.html", context)


@require_safe
@public_page
def method(request: HttpRequest) -> HttpResponse:
    """The rules, printed from the constants that the code goes by."""
    context = {
        "votes": shares,
        "reasons": reasons,
        "sure_percent": round(standing.SURE_PANEL_SHARE * 100),
        "unsure_percent": round((1 - standing.SURE_PANEL_SHARE) * 100),
        "least_panel": standing.LEAST_PANEL_TO_DISAGREE,
        "lean_ends_percent": round(shares.LEAN_ENDS_BELOW * 100),
        "panel": Reviewer.objects.all(),
        "boards": boards,
        "months": boards.months(now=timezone.now())[:MONTHS],
    }
    return render(request, "verdicts/method.html", context)
