"""The comparison form: two tools, a headline, the hour; the page's answer beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tools.models import Comparison
from verdicts.desk.publishing import EditorialAdmin, EditorialForm


class ComparisonForm(EditorialForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, second = cleaned.get("first"), cleaned.get("second")
        if first and first == second:
            self.add_error("second", f"Choose two different tools: both are {first}.")
        elif first and second:
            others = Comparison.objects.of_pair(first, second).exclude(pk=self.instance.pk)
            if others.exists():
                self.add_error(
                    "second",
                    f"{first} and {second} are compared already, in one order or the other.",
                )
        return cleaned


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("draft", "Draft"),
            ("waiting", "Waiting for a second pair of eyes"),
            ("scheduled", "Scheduled"),
            ("published", "Published"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        comparisons, now = Comparison.objects.all(), timezone.now()
        match self.value():
            case "draft":
                found = comparisons.drafts()
            case "waiting":
                found = comparisons.waiting()
            case "scheduled":
                found = comparisons.scheduled(now=now)
            case "published":
                found = comparisons.published(now=now)
            case _:
                return queryset
        return queryset.filter(pk__in=found.values("pk"))


@admin.register(Comparison)
class ComparisonAdmin(EditorialAdmin):
    form = ComparisonForm
    fields = ["first", "second", "headline", "publish_at"]
    visible_by = "publish_at"
    unrestored_fields = ("first", "second", "publish_at")
    list_display = ["__str__", "category", "state", "publish_at", "edited_by"]
    list_filter = [StateFilter, "first__category", "publish_at"]
    list_select_related = ["first__category", "second__category", "edited_by"]
    search_fields = ["first__name", "second__name", "first__slug", "second__slug", "headline"]
    autocomplete_fields = ["first", "second"]
    date_hierarchy = "publish_at"
    show_full_result_count = False

    @admin.display(ordering="first__category__name")
    def category(self, comparison: Comparison) -> str:
        names = {comparison.first.category.name, comparison.second.category.name}
        return " and ".join(sorted(names))

    @admin.display(ordering="publish_at")
    def state(self, comparison: Comparison) -> str:
        if comparison.publish_at is None:
            return "waiting" if comparison.is_waiting else "draft"
        return "scheduled" if comparison.publish_at > timezone.now() else "published"
