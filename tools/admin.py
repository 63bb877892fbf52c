"""Admin of what needs nothing but the catalogue; tools and comparisons are edited at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tools.history import HistoryAdmin
from tools.models import Category, FormerSlug, PricePoint, Source, Tool


class SlugIsForEverAdmin(HistoryAdmin):
    """A slug is chosen once: addresses and catalogue files lean on it. So the row stays, too."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "slug"] if obj else fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows to look at: what makes them stands elsewhere."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def ask_first(
    request: HttpRequest,
    page: admin.ModelAdmin[Any],
    *,
    title: str,
    warning: str,
    button: str,
    things: Iterable[object] = (),
) -> HttpResponse:
    """The page before a dangerous action: what it does, and to how many. Its button sends what
    was sent once more, and `confirmed` with it."""
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "warning": warning,
        "button": button,
        "things": things,
        "sent": sent,
    }
    return TemplateResponse(request, "admin/ask_first.html", context)


class DatedRowsAdmin(ReadOnlyAdmin):
    """The dated rows of all tools; new ones are written at the tool."""

    search_fields = ["tool"]
    search_help_text = "The tool’s name, or its slug."

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Tools are looked through, not their rows: there are many times as many."""
        if search_term:
            queryset = queryset.filter(tool__in=Tool.objects.named_like(search_term.strip()))
        return queryset, False


@admin.register(Category)
class CategoryAdmin(SlugIsForEverAdmin):
    list_display = ["name", "slug", "tools"]
    ordering = ["name", "slug"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    unrestored_fields = ("slug",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Category]:
        categories: models.QuerySet[Category] = super().get_queryset(request)
        return categories.annotate(tool_count=models.Count("tools"))

    @admin.display(ordering="tool_count")
    def tools(self, category: Any) -> int:
        return int(category.tool_count)


@admin.register(Source)
class SourceAdmin(SlugIsForEverAdmin):
    list_display = ["title", "kind", "read_on", "dated_on", "url"]
    list_filter = ["kind", "read_on"]
    search_fields = ["title", "slug", "url"]
    date_hierarchy = "read_on"
    prepopulated_fields = {"slug": ["title"]}
    show_full_result_count = False
    unrestored_fields = ("slug",)


@admin.register(PricePoint)
class PricePointAdmin(DatedRowsAdmin):
    list_display = ["tool", "label", "price", "unit", "effective_on", "basis", "source", "note"]
    list_display_links = ["label"]
    list_filter = ["basis", "effective_on", "currency", "tool__category"]
    list_select_related = ["tool", "source"]
    date_hierarchy = "effective_on"
    ordering = ["-effective_on", "-id"]

    @admin.display(ordering="amount", empty_value="on request")
    def price(self, point: PricePoint) -> str | None:
        return None if point.amount is None else f"{point.amount.normalize():f} {point.currency}"


@admin.register(FormerSlug)
class FormerSlugAdmin(ReadOnlyAdmin):
    """Old addresses: they are made by changing a tool's slug, and redirect for ever."""

    list_display = ["slug", "tool"]
    list_select_related = ["tool"]
    search_fields = ["slug", "tool__name"]
