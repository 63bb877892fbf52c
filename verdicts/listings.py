"""Lists in pages of 24, and the filters of their addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

PAGE_SIZE = 24
# Names offered while one types a tool's; the server knows the others too.
PICKABLE = 150
# Lists with one order take no `?sort=`; only the leaderboard has others.
NO_OTHER_ORDER: tuple[str, ...] = ()
# Pages named on each side of the open one.
NEIGHBOURS = 2

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Listing:
    """One page of a list, with the filters that chose it."""

    page: Page[Any]
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The page's own query, in one form: '?category=agents&page=2', or ''."""
        return self.query_of(self.page.number)

    def query_of(self, number: int) -> str:
        asked = dict(self.filters) | ({"page": str(number)} if number > 1 else {})
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def page_words(self) -> str:
        """For the page's title: ', page 2', or '' on the first."""
        return f", page {self.page.number}" if self.page.number > 1 else ""

    @property
    def links(self) -> list[tuple[int | None, str]]:
        """Numbers and queries of the pager; a number of None is a gap."""
        numbers = self.page.paginator.get_elided_page_range(
            self.page.number, on_each_side=NEIGHBOURS, on_ends=1
        )
        return [(n, self.query_of(n)) if isinstance(n, int) else (None, "") for n in numbers]

    @property
    def previous_query(self) -> str:
        return self.query_of(self.page.number - 1)

    @property
    def next_query(self) -> str:
        return self.query_of(self.page.number + 1)


class Rows(Sequence[Any]):
    """The rows of a query, counted and cut with no more read than keys; `count` when known."""

    def __init__(self, rows: QuerySet[Any], count: int | None = None) -> None:
        self.rows = rows
        self.known = count

    def __len__(self) -> int:
        return self.rows.count() if self.known is None else self.known

    def __getitem__(self, asked: Any) -> Any:
        # The rows before a page are passed over in an index; only the page's own are read.
        keys = self.rows.values_list("pk", flat=True)[asked]
        found = self.rows.in_bulk(list(keys))
        return [found[key] for key in keys if key in found]


class InTurn(Sequence[Any]):
    """Lists after one another as one, of which no more is read than the part asked for."""

    def __init__(self, *lists: Sequence[Any] | QuerySet[Any, Any]) -> None:
        self.lists = lists

    @cached_property
    def lengths(self) -> list[int]:
        return [rows.count() if isinstance(rows, QuerySet) else len(rows) for rows in self.lists]

    def __len__(self) -> int:
        return sum(self.lengths)

    def __getitem__(self, asked: Any) -> Any:
        found: list[Any] = []
        passed = 0
        for rows, length in zip(self.lists, self.lengths, strict=True):
            start, stop = max(0, asked.start - passed), min(length, asked.stop - passed)
            if start < stop:
                found += rows[start:stop]
            passed += length
        return found


def listing(
    rows: QuerySet[Any] | Sequence[Any],
    *,
    page: int,
    filters: Mapping[str, str] | None = None,
    count: int | None = None,
) -> Listing:
    """The page of that number; 404 past the last one. `count` saves counting the rows."""
    try:
        if isinstance(rows, QuerySet) and rows._iterable_class is ModelIterable:
            rows = Rows(rows, count)
        found = Paginator(rows, PAGE_SIZE).page(page)
    except EmptyPage as error:
        raise Http404("There is no such page of the list.") from error
    chosen = {name: value for name, value in (filters or {}).items() if value}
    return Listing(page=found, filters=chosen)


def paged(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view `page`: ?page=1 moves to the bare address, a page that is no number is 404."""

    @wraps(view)
    def paged_view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get("page", "")
        if not asked:
            return view(request, page=1, **kwargs)
        if not asked.isascii() or not asked.isdigit() or len(asked) > 6 or int(asked) == 0:
            raise Http404("A page is a number.")
        if int(asked) == 1:
            others = request.GET.copy()
            del others["page"]
            query = f"?{others.urlencode()}" if others else ""
            return HttpResponseRedirect(request.path + query)
        return view(request, page=int(asked), **kwargs)

    return paged_view


def chosen(request: HttpRequest, name: str, values: Iterable[str]) -> str:
    """The filter's value, '' when it is not set; an unknown one is 404."""
    value = request.GET.get(name, "")
    if value and value not in values:
        raise Http404(f"Unknown {name}.")
    return value


def chosen_row(request: HttpRequest, name: str, rows: QuerySet[M]) -> M | None:
    """The row whose slug the filter names, None when it is not set; an unknown one is 404."""
    slug = request.GET.get(name, "")
    if not slug.isprintable():
        raise Http404(f"Unknown {name}.")
    return get_object_or_404(rows, slug=slug) if slug else None
