"""Prices and reviews inside the tool form, each kept as dated rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from reviews.models import Review, Reviewer
from tools.models import PricePoint, Tool
from verdicts.desk.dated_rows import DatedRowForm, DatedRowsFormSet


class PriceForm(DatedRowForm):
    dated_by = "effective_on"
    one_line = ("label", "unit", "currency")


class ReviewForm(DatedRowForm):
    dated_by = "written_on"
    one_line = ("reviewer",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "text" in self.fields:
            self.fields["text"].help_text += mark_safe('<div class="desk-hint"></div>')
            self.fields["text"].widget.attrs |= {
                "hx-post": reverse("admin:tools_tool_wording"),
                "hx-trigger": "change",
                "hx-include": "closest .inline-related, [name=csrfmiddlewaretoken]",
                "hx-target": "next .desk-hint",
            }


class PanelFormSet(DatedRowsFormSet):
    """Blank reviews come with the personas that have not judged the tool."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial_extra = [{"reviewer": persona.pk} for persona in unheard(self.instance)]


class DatedRowsInline(admin.options.InlineModelAdmin[Any, Any]):
    formset = DatedRowsFormSet
    can_delete = False
    show_change_link = False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Personas are chosen here and changed elsewhere; a new source may be added."""
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(found, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_add_related &= db_field.name == "source"
            widget.can_change_related = widget.can_delete_related = False
            widget.can_view_related = False
        return found

    def has_change_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        """Whoever may add a row may change one: it is added as a new one."""
        return self.has_add_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        is_allowed = super().has_add_permission(request, obj)
        of_tools = self.admin_site.get_model_admin(Tool)
        return is_allowed and of_tools.has_change_permission(request, obj)


class PriceInline(DatedRowsInline, admin.StackedInline[PricePoint, Tool]):
    model = PricePoint
    form = PriceForm
    verbose_name_plural = (
        "Prices. A changed one is saved as a new row, dated today unless you give its day; "
        "the old row stays in the price history"
    )
    fields = [
        ("label", "amount", "currency", "unit"),
        ("effective_on", "basis", "source", "note"),
    ]
    autocomplete_fields = ["source"]
    extra = 1

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[PricePoint]:
        """What holds today, and what is to come."""
        points = PricePoint.objects.current_or_coming(on=timezone.localdate())
        return points.select_related("source").order_by("label", "unit", "effective_on")


class ReviewInline(DatedRowsInline, admin.StackedInline[Review, Tool]):
    model = Review
    form = ReviewForm
    formset = PanelFormSet
    verbose_name_plural = (
        "Reviews. A changed one is saved as a new verdict, dated today unless you give its day; "
        "the old one stays in the history"
    )
    fields = [("reviewer", "verdict", "written_on", "summary"), "text", "note"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Review]:
        """What counts today, and what is to come."""
        reviews = Review.objects.current_or_coming(on=timezone.localdate())
        return reviews.select_related("reviewer").order_by("reviewer__position", "written_on")

    def get_extra(self, request: HttpRequest, obj: Tool | None = None, **kwargs: Any) -> int:
        return len(unheard(obj))


def unheard(tool: Tool | None) -> list[Reviewer]:
    """The personas that have not judged the tool, in panel order."""
    heard = Review.objects.of_tools([tool.pk] if tool and tool.pk else [])
    return list(Reviewer.objects.exclude(pk__in=heard.values_list("reviewer", flat=True)))
