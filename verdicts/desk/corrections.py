"""Corrections in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tools.history import HistoryAdmin
from tools.models import Correction


@admin.register(Correction)
class CorrectionAdmin(HistoryAdmin):
    list_display = ["__str__", "wrong", "since_on", "right", "published_at"]
    list_filter = ["published_at", "since_on"]
    list_select_related = ["tool", "comparison__first", "comparison__second"]
    search_fields = ["wrong", "right", "tool__name", "tool__slug"]
    autocomplete_fields = ["tool", "comparison"]
    date_hierarchy = "published_at"
    show_full_result_count = False
    visible_by = "published_at"
    unrestored_fields = ("tool", "comparison", "published_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A published correction is the editors'."""
        is_draft = obj is None or obj.published_at is None
        return super().has_change_permission(request, obj) and (
            is_draft or self.may_publish(request)
        )

    def may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tools.publish_correction")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if self.may_publish(request) else [*fields, "published_at"]
