"""The tool form: one page with its prices and its reviews, each kept as dated rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from reviews.models import Review, Reviewer
from tools.models import FormerSlug, PricePoint, Tool
from verdicts.desk.dated_rows import DatedRowForm, DatedRowsFormSet
from verdicts.desk.publishing import EditorialAdmin, EditorialForm


class ToolForm(EditorialForm):
    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        former = FormerSlug.objects.filter(slug=slug).exclude(tool=self.instance.pk).first()
        if former:
            raise forms.ValidationError(
                f"That address leads to {former.tool} since it was renamed. Choose another."
            )
        return slug


class PriceForm(DatedRowForm):
    dated_by = "effective_on"


class ReviewForm(DatedRowForm):
    dated_by = "written_on"


class DatedRowsInline(admin.options.InlineModelAdmin[Any, Any]):
    formset = DatedRowsFormSet
    can_delete = False
    show_change_link = False

    def has_change_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        """Whoever may add a row may change one: it is added as a new one."""
        return self.has_add_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        is_allowed = super().has_add_permission(request, obj)
        return is_allowed and self.tool_admin.has_change_permission(request, obj)

    @property
    def tool_admin(self) -> ToolAdmin:
        tool_admin = self.admin_site.get_model_admin(Tool)
        assert isinstance(tool_admin, ToolAdmin)
        return tool_admin


class PriceInline(DatedRowsInline, admin.TabularInline[PricePoint, Tool]):
    model = PricePoint
    form = PriceForm
    verbose_name_plural = (
        "Prices. A changed one is saved as a new row, dated today unless you give its day; "
        "the old row stays in the price history"
    )
    fields = ["label", "amount", "currency", "unit", "effective_on", "basis", "source", "note"]
    autocomplete_fields = ["source"]
    extra = 1

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[PricePoint]:
        """What holds today, and what is to come."""
        points = PricePoint.objects.current_or_coming(on=timezone.localdate())
        return points.select_related("source").order_by("label", "unit", "effective_on")


class ReviewInline(DatedRowsInline, admin.StackedInline[Review, Tool]):
    model = Review
    form = ReviewForm
    verbose_name_plural = (
        "Reviews. A changed one is saved as a new verdict, dated today unless you give its day; "
        "the old one stays in the history"
    )
    fields = [("reviewer", "verdict", "written_on"), "summary", "text", "note"]
    extra = 4

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Review]:
        """What counts today, and what is to come."""
        reviews = Review.objects.current_or_coming(on=timezone.localdate())
        return reviews.select_related("reviewer").order_by("reviewer__position", "written_on")

    def get_extra(self, request: HttpRequest, obj: Tool | None = None, **kwargs: Any) -> int:
        """A blank review for each persona that has not judged the tool."""
        return len(self.unheard(obj))

    def unheard(self, tool: Tool | None) -> list[Reviewer]:
        heard = Review.objects.of_tools([tool.pk] if tool else []).values_list(
            "reviewer", flat=True
        )
        return list(Reviewer.objects.exclude(pk__in=heard))


@admin.register(Tool)
class ToolAdmin(EditorialAdmin):
    form = ToolForm
    visible_by = "is_published"
    unrestored_fields = ("slug", "is_published")
    inlines = [PriceInline, ReviewInline]
    list_display = ["name", "category", "maker", "is_published", "entry_price", "openness"]
    list_filter = ["is_published", "category", "openness", "entry_kind"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "maker"]
    autocomplete_fields = ["category", "sources", "replaced_by"]
    prepopulated_fields = {"slug": ["name"]}
    show_full_result_count = False
    save_on_top = True

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tool | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def save_model(self, request: HttpRequest, obj: Tool, form: Any, change: bool) -> None:
        if not change or "slug" not in form.changed_data:
            return super().save_model(request, obj, form, change)
        new, obj.slug = obj.slug, form.initial["slug"]
        super().save_model(request, obj, form, change)
        obj.rename_slug(new)
        return None
