"""The comparison form: two tools, a headline, the hour; the page's answer beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone

from reviews.verdict import verdict_of_pair, verdict_on
from tools.models import Comparison, Tool
from verdicts.desk.preview import preview_address
from verdicts.desk.publishing import EditorialAdmin, EditorialForm, Link, StateFilter

SCHEDULED_AS_IT_STANDS = (
    "It is scheduled with the words that a second person agreed to. To change them, empty the "
    "hour first; then ask for a second pair of eyes again."
)


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
        if self.writes_text and cleaned.get("publish_at") and waits_for_its_hour(self.instance):
            self.add_error("publish_at", SCHEDULED_AS_IT_STANDS)
        return cleaned


def waits_for_its_hour(comparison: Comparison) -> bool:
    """Scheduled, so that a second person has agreed to its words, where two must agree."""
    hour = comparison.publish_at
    return settings.EDITORIAL_TWO_PERSON and hour is not None and hour > timezone.now()


class ComparisonState(StateFilter):
    states: ClassVar = {
        "draft": "Draft",
        "waiting": "Waiting for a second pair of eyes",
        "today": "Due today",
        "scheduled": "Scheduled",
        "published": "Published",
    }

    def found(self, state: str, *, now: dt.datetime) -> QuerySet[Comparison]:
        comparisons = Comparison.objects.all()
        return {
            "draft": comparisons.drafts(),
            "waiting": comparisons.waiting(),
            "today": comparisons.due_today(now=now),
            "scheduled": comparisons.scheduled(now=now),
            "published": comparisons.published(now=now),
        }[state]


@admin.register(Comparison)
class ComparisonAdmin(EditorialAdmin):
    form = ComparisonForm
    change_form_template = "desk/comparison_form.html"
    fields = ["first", "second", "headline", "publish_at"]
    visible_by = "publish_at"
    unrestored_fields = ("first", "second", "publish_at")
    list_display = ["__str__", "category", "state", "publish_at", "edited_by"]
    list_filter = [ComparisonState, "first__category", "publish_at"]
    list_select_related = ["first__category", "second__category", "edited_by"]
    search_fields = ["first__name", "second__name", "first__slug", "second__slug", "headline"]
    autocomplete_fields = ["first", "second"]
    date_hierarchy = "publish_at"
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "headline":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 1, "class": "vLargeTextField"})
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(found, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_add_related = widget.can_view_related = False
            widget.can_change_related = widget.can_delete_related = False
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A pair that readers have an address of stays that pair."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None or obj.is_draft else [*fields, "first", "second"]

    def note_restorer(self, request: HttpRequest, obj: Comparison) -> None:
        if waits_for_its_hour(obj):
            raise ValidationError(SCHEDULED_AS_IT_STANDS)
        super().note_restorer(request, obj)

    def get_urls(self) -> list[URLPattern]:
        beside = self.admin_site.admin_view(self.as_published)
        return [
            path("as-published/", beside, name="tools_comparison_as_published"),
            *super().get_urls(),
        ]

    def as_published(self, request: HttpRequest) -> HttpResponse:
        """The part beside the form: what the page would answer for the chosen pair."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pair = chosen_pair(request.GET)
        context: dict[str, Any] = {}
        if len(pair) == 2:
            context["verdict"] = verdict_of_pair(*pair, now=timezone.now())
        elif request.GET.get("first") and request.GET.get("first") == request.GET.get("second"):
            context["problem"] = "That is one tool twice. Choose another one to set beside it."
        return render(request, "desk/_as_published.html", context)

    def get_view_on_site_url(self, obj: Comparison | None = None) -> str | None:
        """The page once readers see it; until then a link that may be shared."""
        is_seen = obj is not None and obj.is_published(now=timezone.now())
        return obj.get_absolute_url() if obj and is_seen else None

    def links(self, obj: Comparison) -> list[Link]:
        return [Link("Preview", preview_address(obj)), *super().links(obj)]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        comparison = kwargs.get("obj")
        if comparison:
            context["verdict"] = verdict_on(comparison, now=timezone.now())
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(ordering="first__category__name")
    def category(self, comparison: Comparison) -> str:
        names = {comparison.first.category.name, comparison.second.category.name}
        return " and ".join(sorted(names))

    @admin.display(ordering="publish_at")
    def state(self, comparison: Comparison) -> str:
        if comparison.publish_at is None:
            return "waiting" if comparison.is_waiting else "draft"
        state = "scheduled" if comparison.publish_at > timezone.now() else "published"
        return f"{state}, to look at" if comparison.is_waiting else state


def chosen_pair(chosen: QueryDict) -> list[Tool]:
    """The two tools whose numbers a half-filled form holds; fewer when it does not."""
    ids = [chosen.get(name, "") for name in ("first", "second")]
    known = Tool.objects.with_category().in_bulk([int(one) for one in ids if one.isdecimal()])
    return list(known.values())
