"""Pairs of tools: the list, the picker, and the page that the site is about."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reviews.verdict import verdict_of_pair, verdicts_on
from tools.models import VERSUS, Category, Comparison, Tool, pair_slug
from tools.prepared import Prepared
from verdicts.listings import NO_OTHER_ORDER, PICKABLE, chosen, chosen_row, listing, paged
from verdicts.pagecache.sharing import public_page
from votes.ballots import ballots_for, pick_for

RELATED = 6

TOOLS = Prepared(lambda slugs: Tool.objects.published().with_category().with_slugs(slugs))
AROUND = Prepared(
    lambda now, pair, categories: (
        Comparison.objects.published(now=now)
        .around(pair, categories=categories, now=now, most=RELATED)
        .with_names()
    )
)


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
    around = AROUND(now, [first.pk, second.pk], [*{first.category_id, second.category_id}])
    related = [found for found in around if found.slug != pair]
    comparison = next((found for found in around if found.slug == pair), None)
    verdict = verdict_of_pair(first, second, comparison=comparison, now=now)
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
