"""The tool form: one page with the tool, its prices and its reviews."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from reviews.models import Review
from tools.models import FormerSlug, PricePoint, Source, Tool
from verdicts.catalog.writing import written
from verdicts.desk.happenings import happenings_of
from verdicts.desk.link_check import check_links
from verdicts.desk.preview import preview_address
from verdicts.desk.publishing import EditorialAdmin, EditorialForm, Link, StateFilter
from verdicts.desk.recheck import ANY, Recheck, due, due_for
from verdicts.desk.tool_rows import PriceInline, ReviewInline
from verdicts.desk.wording import LEAST_WORDS, MOST_WORDS, hints_on

MOST_EXPORTED = 300
TOO_MANY_TO_EXPORT = (
    f"Choose up to {MOST_EXPORTED} tools: an upload takes no larger file back. "
    "The command export_catalog writes the whole catalogue."
)


class ToolForm(EditorialForm):
    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        former = FormerSlug.objects.filter(slug=slug).exclude(tool=self.instance.pk).first()
        if former:
            raise forms.ValidationError(
                f"That address leads to {former.tool} since it was renamed. Choose another."
            )
        return slug


class ToolState(StateFilter):
    states: ClassVar = {
        "draft": "Draft",
        "waiting": "Waiting for a second pair of eyes",
        "published": "Published",
    }

    def found(self, state: str, *, now: dt.datetime) -> models.QuerySet[Tool]:
        tools = Tool.objects.all()
        return {
            "draft": tools.drafts(),
            "waiting": tools.waiting(),
            "published": tools.published(),
        }[state]


class RecheckFilter(StateFilter):
    title = "due for a re-check"
    parameter_name = "recheck"
    states: ClassVar = {ANY: "For any reason", **{reason.value: reason.words for reason in Recheck}}

    def found(self, state: str, *, now: dt.datetime) -> models.QuerySet[Tool]:
        today = timezone.localdate(now)
        return due(on=today) if state == ANY else due_for(Recheck(state), on=today)


@admin.register(Tool)
class ToolAdmin(EditorialAdmin):
    form = ToolForm
    visible_by = "is_published"
    unrestored_fields = ("slug", "is_published")
    inlines = [PriceInline, ReviewInline]
    list_display = ["name", "category", "maker", "is_published", "entry_price", "openness"]
    list_filter = [ToolState, RecheckFilter, "category", "openness", "entry_kind"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "maker"]
    autocomplete_fields = ["category", "sources", "replaced_by"]
    prepopulated_fields = {"slug": ["name"]}
    show_full_result_count = False
    save_on_top = True
    change_list_template = "desk/tool_list.html"
    object_history_template = "desk/tool_history.html"
    actions = ["export"]

    fieldsets = (
        (None, {"fields": ("name", "slug", "category", "maker", "tagline", "description")}),
        (
            "Facts",
            {
                "fields": (
                    "website",
                    ("launched_on", "launched_basis"),
                    ("openness", "licence"),
                    "replaced_by",
                    "sources",
                    "notes",
                )
            },
        ),
        ("The way in, and readers", {"fields": (("entry_price", "entry_kind"), "is_published")}),
    )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tool | None = None) -> Any:
        may_write = obj is None and self.has_add_permission(request)
        return self.prepopulated_fields if may_write else {}

    def save_model(self, request: HttpRequest, obj: Tool, form: Any, change: bool) -> None:
        if not change or "slug" not in form.changed_data:
            return super().save_model(request, obj, form, change)
        new, obj.slug = obj.slug, form.initial["slug"]
        super().save_model(request, obj, form, change)
        obj.rename_slug(new)
        return None

    @admin.action(description="Export as a catalogue file", permissions=["view"])
    def export(self, request: HttpRequest, tools: models.QuerySet[Tool]) -> HttpResponse | None:
        """Not more than an upload can take back."""
        if tools.count() > MOST_EXPORTED:
            self.message_user(request, TOO_MANY_TO_EXPORT, messages.ERROR)
            return None
        content = "\n".join([*written(tools.order_by()), ""])
        headers = {"Content-Disposition": 'attachment; filename="catalog.yaml"'}
        return HttpResponse(content, content_type="application/yaml", headers=headers)

    # Links on top of the form

    def links(self, obj: Tool) -> list[Link]:
        of_tool = f"?tool__id__exact={obj.pk}"
        return [
            Link("Preview", preview_address(obj)),
            Link("Check links", reverse("admin:tools_tool_links", args=[obj.pk])),
            Link("All prices", reverse("admin:tools_pricepoint_changelist") + of_tool),
            Link("All reviews", reverse("admin:reviews_review_changelist") + of_tool),
        ]

    def get_view_on_site_url(self, obj: Tool | None = None) -> str | None:
        return obj.get_absolute_url() if obj and obj.is_published else None

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("wording/", guarded(self.wording), name="tools_tool_wording"),
            path("<int:object_id>/links/", guarded(self.check_links), name="tools_tool_links"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def wording(self, request: HttpRequest) -> HttpResponse:
        """The hints under a review's text, for the field that asks."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        prefix = request.headers.get("HX-Trigger-Name", "").removesuffix("-text")
        reviewer, review = (request.POST.get(f"{prefix}-{name}", "") for name in ("reviewer", "id"))
        others = Review.objects.echoing(
            reviewer=int(reviewer) if reviewer.isdecimal() else 0,
            without=int(review) if review.isdecimal() else 0,
        )
        hints = hints_on(request.POST.get(f"{prefix}-text", ""), others=others)
        context = {"hints": hints, "least": LEAST_WORDS, "most": MOST_WORDS}
        return render(request, "desk/_hints.html", context)

    def check_links(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """GET lists the links, POST asks each of them."""
        tool = get_object_or_404(Tool, pk=object_id)
        if not self.has_change_permission(request):
            raise PermissionDenied
        urls = links_of(tool)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Links of {tool}",
            "opts": self.opts,
            "object": tool,
            "urls": urls,
            "findings": check_links(urls) if request.method == "POST" else [],
        }
        return render(request, "desk/links.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"happenings": happenings_of(object_id), **(extra_context or {})}
        return super().history_view(request, object_id, context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A draft that readers never saw takes its prices and reviews along."""
        to_delete, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        rows = {kind._meta.verbose_name for kind in (PricePoint, Review)}
        return to_delete, counts, set(forbidden) - rows, protected


def links_of(tool: Tool) -> list[str]:
    """Website, sources, and the sources of prices, each once."""
    sources = Source.objects.behind([tool]).values_list("url", flat=True)
    return list(dict.fromkeys([*([tool.website] if tool.website else []), *sources]))
