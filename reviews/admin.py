"""Admin of the panel: its personas, and every dated verdict. New ones are written at the tool."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from reviews.models import Review, Reviewer
from tools.admin import AppendOnlyAdmin, SlugIsForEverAdmin


@admin.register(Reviewer)
class ReviewerAdmin(SlugIsForEverAdmin):
    list_display = ["name", "lens", "question", "position"]
    unrestored_fields = ("slug",)


@admin.register(Review)
class ReviewAdmin(AppendOnlyAdmin):
    list_display = ["tool", "reviewer", "verdict", "written_on", "summary"]
    list_display_links = ["tool"]
    list_filter = ["reviewer", "verdict", "written_on", "tool__category"]
    list_select_related = ["tool", "reviewer"]
    search_fields = ["tool__name", "tool__slug", "summary"]
    autocomplete_fields = ["tool"]
    date_hierarchy = "written_on"
    show_full_result_count = False
    ordering = ["-written_on", "-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A verdict on a published tool is seen at once: that is for those who publish."""
        return super().has_add_permission(request) and request.user.has_perm("tools.publish_tool")
