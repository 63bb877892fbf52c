"""The one switch that stops all sending."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from newsletter.models import Switch


@admin.register(Switch)
class SwitchAdmin(admin.ModelAdmin[Switch]):
    """The one switch that stops all sending, within one message."""

    fields = ["stop"]
    list_display = ["__str__", "installed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Switch.objects.exists() and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        Switch.load(now=timezone.now())
        Switch.objects.update(stop=obj.stop)
