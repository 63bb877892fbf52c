"""The leaderboard: what readers' votes can rank, and the same tools in other orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reviews.boards import by_panel
from reviews.standing import Standing
from reviews.verdict import standings_of
from tools.models import Category, Tool
from verdicts.listings import InTurn, chosen, chosen_row, listing, paged
from verdicts.pagecache.sharing import public_page
from votes import boards
from votes.boards import Ids, Place
from votes.shares import LEAST_TO_RANK

SORTS = {
    "readers": "Readers",
    "panel": "Panel",
    "trending": "Trending",
    "new": "Newest",
}
# The same for a title.
ORDERED = {
    "readers": "ranked by readers",
    "panel": "by the panel’s share",
    "trending": "by the trend of the last weeks",
    "new": "by launch, newest first",
}


@dataclass(frozen=True)
class Row:
    """A tool of the board; without a place when it is not ranked."""

    standing: Standing
    place: Place | None


@require_safe
@public_page
@paged
def leaderboard(request: HttpRequest, *, page: int) -> HttpResponse:
    now = timezone.now()
    category = chosen_row(request, "category", Category.objects.all())
    sort = chosen(request, "sort", SORTS) or "readers"
    places = {place.tool_id: place for place in boards.readers_board(category=category)}
    found = listing(
        _in_order(sort, places, category=category, now=now),
        page=page,
        filters={
            "category": category.slug if category else "",
            "sort": "" if sort == "readers" else sort,
        },
    )
    rows = [
        Row(standing, places.get(standing.tool.pk))
        for standing in standings_of(_tools(list(found.page)), now=now)
    ]
    is_by_readers = sort == "readers"
    context = {
        "listing": found,
        "rows": [row for row in rows if row.place or not is_by_readers],
        "waiting": [row for row in rows if not row.place and is_by_readers],
        "sort": sort,
        "sorts": SORTS.items(),
        "ordered": ORDERED[sort],
        "category": category,
        "categories": Category.objects.all(),
        "least_to_rank": LEAST_TO_RANK,
    }
    return render(request, "verdicts/leaderboard.html", context)


def _in_order(
    sort: str, places: dict[int, Place], *, category: Category | None, now: dt.datetime
) -> Sequence[int] | Ids:
    """Ids of the tools that the board lists. By readers, those that are not ranked come last."""
    match sort:
        case "panel":
            return by_panel(now=now, category=category)
        case "trending":
            return boards.trending(category=category)
        case "new":
            return boards.newest(category=category)
        case _:
            return InTurn([*places], boards.waiting(category=category))


def _tools(ids: list[int]) -> list[Tool]:
    found = Tool.objects.with_category().in_bulk(ids)
    return [found[pk] for pk in ids]
