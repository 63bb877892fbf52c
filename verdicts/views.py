"""The readers' pages: each one loads, asks the domain once, and renders."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from reviews import reasons, standing
from reviews.boards import disagreements, ship_rates
from reviews.models import Review, Reviewer
from reviews.verdict import standings_of, verdicts_on
from tools import search as finding
from tools.models import VERSUS, Category, Comparison, Openness, PriceKind, Tool, pair_slug
from tools.prepared import Prepared
from verdicts.charts import price_charts
from verdicts.listings import chosen, chosen_row, listing, paged
from verdicts.pagecache.sharing import public_page
from votes import boards, shares
from votes.ballots import ballots_for, pick_for

RECENT = 8
DISAGREEING = 4
RELATED = 6
# These lists have one order; only the leaderboard takes others.
NO_OTHER_ORDER: tuple[str, ...] = ()

TOOLS = Prepared(lambda slugs: Tool.objects.published().with_category().with_slugs(slugs))
AROUND = Prepared(
    lambda now, pair, categories: (
        Comparison.objects.published(now=now).around(pair, categories, most=RELATED).with_tools()
    )
)
# Comparisons on a tool's or a category's own page.
NEWEST = 12
# Months of the public line of votes.
MONTHS = 12
# Names offered while one types; the server knows the others too.
PICKABLE = 150


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


# --- Comparisons -------------------------------------------------------------------------


@require_safe
@public_page
@paged
def comparison_index(request: HttpRequest, *, page: int) -> HttpResponse:
    if "a" in request.GET or "b" in request.GET:
        return _picked_pair(request)
    now = timezone.now()
    chosen(request, "sort", NO_OTHER_ORDER)
    rows = Comparison.objects.published(now=now).newest_first().with_tools()
    if category := chosen_row(request, "category", Category.objects.all()):
        rows = rows.in_category(category)
    found = listing(rows, page=page, filters={"category": category.slug if category else ""})
    context = {
        "listing": found,
        "verdicts": verdicts_on(found.page, now=now),
        "category": category,
        "categories": Category.objects.all(),
        "pickable": Tool.objects.published().by_name()[:PICKABLE],
    }
    return render(request, "verdicts/comparison_index.html", context)


def _picked_pair(request: HttpRequest) -> HttpResponse:
    """Two known tools move to their page; anything less gets the picker and a plain sentence."""
    asked = {name: request.GET.get(name, "").strip() for name in ("a", "b")}
    asked = {name: said if said.isprintable() else "?" for name, said in asked.items()}
    tools = {name: Tool.objects.published().by_words(said) for name, said in asked.items() if said}
    match list(tools.values()):
        case [Tool() as one, Tool() as other] if one != other:
            return redirect("comparison_detail", pair_slug(one, other))
        case [Tool(), Tool()]:
            problem = "That is one tool twice. Choose another one to set beside it."
        case [Tool()] | []:
            problem = "A comparison takes two tools. Choose the other one."
        case _:
            problem = "We know no published tool by that name. Choose one from the list."
    unknown = {name: True for name, tool in tools.items() if tool is None}
    context = {
        "problem": problem,
        "asked": {name: tools.get(name) or said for name, said in asked.items()},
        "wrong": unknown or {"b": True},
        "pickable": Tool.objects.published().by_name()[:PICKABLE],
    }
    return render(request, "verdicts/picker.html", context)


@require_safe
@public_page
def comparison_detail(request: HttpRequest, pair: str) -> HttpResponse:
    now = timezone.now()
    first, second = _pair_or_404(pair)
    if pair != (address := pair_slug(first, second)):
        return redirect("comparison_detail", address, permanent=True)
    around = AROUND(now, [first.pk, second.pk], [first.category_id, second.category_id])
    related = [found for found in around if found.slug != pair]
    comparison = next((found for found in around if found.slug == pair), None)
    # A pair that no editor has published is read from the same data.
    [verdict] = verdicts_on([comparison or Comparison(first=first, second=second)], now=now)
    ballots = ballots_for(request, [first, second])
    context = {
        "verdict": verdict,
        "first": verdict.first,
        "second": verdict.second,
        "related": related,
        "first_ballot": ballots[first.pk],
        "second_ballot": ballots[second.pk],
        "pick": pick_for(request, verdict.first.tool, verdict.second.tool, verdict.picks),
    }
    return render(request, "verdicts/comparison_detail.html", context)


def _pair_or_404(pair: str) -> tuple[Tool, Tool]:
    """The two published tools of an address, by their present or former slugs."""
    slugs = pair.split(VERSUS)
    found = {tool.slug: tool for tool in TOOLS(slugs)}
    if len(found) < 2:
        found = Tool.objects.published().with_category().by_any_slug(slugs)
    tools = [found[slug] for slug in slugs if slug in found]
    if len(slugs) != 2 or len(tools) != 2 or tools[0] == tools[1]:
        raise Http404("A comparison is of two published tools.")
    return tools[0], tools[1]


# --- Tools and categories ----------------------------------------------------------------


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
        "category": category,
        "categories": Category.objects.all(),
        "opennesses": Openness.choices,
        "price_kinds": PriceKind.choices,
    }
    return render(request, "verdicts/tool_index.html", context)


@require_safe
@public_page
def tool_detail(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    today = timezone.localdate(now)
    tool = Tool.objects.published().with_category().by_any_slug([slug]).get(slug)
    if tool is None:
        raise Http404("There is no published tool at this address.")
    if tool.slug != slug:
        return redirect(tool, permanent=True)
    [standing] = standings_of([tool], now=now)
    comparisons = Comparison.objects.published(now=now).of_tool(tool).newest_first().with_tools()
    written = Review.objects.of_tools([tool.pk]).written_by(on=today).newest_first()
    context = {
        "tool": tool,
        "standing": standing,
        "ballot": ballots_for(request, [tool])[tool.pk],
        "sources": tool.sources.all(),
        "charts": price_charts(standing.prices, today=today),
        "panel": Reviewer.objects.prefetch_related(Prefetch("reviews", written, "opinions")),
        "verdicts": verdicts_on(comparisons[:NEWEST], now=now),
        "pickable": Tool.objects.published().beside(tool)[:PICKABLE],
    }
    return render(request, "verdicts/tool_detail.html", context)


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


# --- The panel and the method ------------------------------------------------------------


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
    reviews = Review.objects.by(reviewer).written_by(on=timezone.localdate(now)).current()
    rows = reviews.of_published_tools().newest_first().with_tools()
    context = {"reviewer": reviewer, "rate": rate, "listing": listing(rows, page=page)}
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
        "walls": settings,
        "release_percent": round(settings.VOTES_RELEASE_SHARE * 100),
        "months": boards.months(now=timezone.now())[:MONTHS],
    }
    return render(request, "verdicts/method.html", context)
