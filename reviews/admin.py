"""Admin of the panel: its personas, and every dated verdict. New ones are written at the tool."""

from __future__ import annotations

from django.contrib import admin

from reviews.models import Review, Reviewer
from tools.admin import DatedRowsAdmin, SlugIsForEverAdmin


@admin.register(Reviewer)
class ReviewerAdmin(SlugIsForEverAdmin):
    list_display = ["name", "lens", "question", "position"]
    unrestored_fields = ("slug",)


@admin.register(Review)
class ReviewAdmin(DatedRowsAdmin):
    list_display = ["tool", "reviewer", "verdict", "written_on", "summary"]
    list_display_links = ["tool"]
    list_filter = ["reviewer", "verdict", "written_on", "tool__category"]
    list_select_related = ["tool", "reviewer"]
    date_hierarchy = "written_on"
    ordering = ["-written_on", "-id"]
