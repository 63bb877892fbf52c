"""The admin site: who comes in, how long they may stay, and what the start page shows."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from verdicts.desk import catalogue_files, second_factor, sessions, start_page

# What the desk calls the rooms, and the lists of libraries.
ROOMS = {
    "tools": "Catalogue",
    "reviews": "Panel",
    "votes": "Readers’ votes",
    "newsletter": "Weekly email",
    "auth": "Staff",
    "axes": "Log-ins",
}
LISTS = {
    "Group": "Roles",
    "AccessAttempt": "Counting towards a lock",
    "AccessFailureLog": "Failed log-ins",
    "AccessLog": "Log-ins",
}


class Desk(AdminSite):
    site_header = f"{settings.SITE_NAME} desk"
    site_title = f"{settings.SITE_NAME} desk"
    index_title = "Today"
    index_template = "desk/index.html"
    site_url = "/"
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path(
                "r/<int:content_type_id>/<path:object_id>/",
                self.admin_view(self.view_on_site),
                name="view_on_site",
            ),
            path("second-factor/", self.second_factor, name="second_factor"),
            path("import/", self.admin_view(self.import_files), name="import"),
            path("recovery-codes/", self.admin_view(self.recovery_codes), name="recovery_codes"),
            *super().get_urls(),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, with a second factor where the site demands one."""
        return super().has_permission(request) and not second_factor.is_due(request.user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        def fresh(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and sessions.is_over(
                request.session, now=timezone.now()
            ):
                logout(request)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return fresh

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        now = timezone.now()
        context = {"blocks": start_page.blocks(cast(User, request.user), now=now)}
        return super().index(request, context | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The rooms by their names at the desk, in the order in which they are used."""
        rooms = super().get_app_list(request, app_label)
        for room in rooms:
            room["name"] = ROOMS.get(room["app_label"], room["name"])
            for model in room["models"]:
                model["name"] = LISTS.get(model["object_name"], model["name"])
        places = {label: place for place, label in enumerate(ROOMS)}
        return sorted(rooms, key=lambda room: places.get(room["app_label"], len(places)))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The password first; then, where the site demands it, the second factor."""
        if super().has_permission(request) and second_factor.is_due(request.user):
            there = reverse("admin:second_factor", current_app=self.name)
            return redirect(f"{there}?{request.GET.urlencode()}")
        return super().login(request, extra_context)

    def view_on_site(
        self, request: HttpRequest, content_type_id: int, object_id: str
    ) -> HttpResponse:
        """On to the object's page, for those who may open its list: an address tells of drafts."""
        kind = get_object_or_404(ContentType, pk=content_type_id).model_class()
        shown = self._registry.get(kind) if kind else None
        if not shown or not shown.has_view_permission(request):
            raise PermissionDenied
        return shortcut(request, content_type_id, object_id)

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        if not super().has_permission(request):
            return redirect("admin:login")
        if not second_factor.is_due(request.user):
            return redirect("admin:index")
        context = self.each_context(request)
        return second_factor.ask(request, user=cast(User, request.user), context=context)

    def recovery_codes(self, request: HttpRequest) -> HttpResponse:
        context = self.each_context(request)
        return second_factor.renew_codes(request, user=cast(User, request.user), context=context)

    def import_files(self, request: HttpRequest) -> HttpResponse:
        return catalogue_files.import_files(request, context=self.each_context(request))
