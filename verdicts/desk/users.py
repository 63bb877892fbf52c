"""Staff accounts, and the log of who came in, from where, and who failed to."""

from __future__ import annotations

from typing import Any, cast

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from tools.admin import ReadOnlyAdmin, ask_first
from verdicts.desk import second_factor

admin.site.unregister(User)
# They would show secrets, and make devices that nobody enrolled: that is second_factor's work.
admin.site.unregister([StaticDevice, TOTPDevice])


@admin.register(User)
class StaffAdmin(UserAdmin[User]):
    """Publishers keep accounts and roles; what makes a superuser stays with superusers."""

    list_display = ["username", "first_name", "last_name", "roles", "is_active", "last_login"]
    list_filter = ["is_active", "groups", "is_superuser"]
    actions = ["reset_second_factor"]
    publisher_fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("is_active", "is_staff", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not is_superuser(request):
            return self.publisher_fieldsets
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_above = (
            obj is not None and obj.is_superuser and not cast(User, request.user).is_superuser
        )
        return super().has_change_permission(request, obj) and not is_above

    @admin.display
    def roles(self, user: User) -> str:
        return (
            "superuser" if user.is_superuser else ", ".join(str(role) for role in user.groups.all())
        )

    @admin.action(description="Reset the second factor", permissions=["change"])
    def reset_second_factor(
        self, request: HttpRequest, users: QuerySet[User]
    ) -> HttpResponse | None:
        """Asks first; then the next log-in of each enrols anew."""
        allowed = [user for user in users if self.has_change_permission(request, user)]
        if "confirmed" not in request.POST:
            accounts = f"{len(allowed)} account{'s' if len(allowed) != 1 else ''}"
            return ask_first(
                request,
                self,
                title="Reset the second factor",
                warning=f"The phone and the recovery codes of {accounts} stop working; "
                "the next log-in enrols a new phone.",
                button=f"Reset for {accounts}",
                things=allowed,
            )
        for user in allowed:
            second_factor.reset(user)
            self.log_change(request, user, "Reset the second factor.")
        self.message_user(request, f"Reset for {len(allowed)}: they enrol at the next log-in.")
        return None


def is_superuser(request: HttpRequest) -> bool:
    return cast(User, request.user).is_superuser


class LogAdmin(ReadOnlyAdmin):
    """Rows that the site writes, and drops when they are old."""

    date_hierarchy = "attempt_time"
    search_fields = ["username", "ip_address"]


@admin.register(AccessLog)
class LoginAdmin(LogAdmin):
    list_display = ["username", "attempt_time", "logout_time", "ip_address", "user_agent"]
    list_filter = ["attempt_time"]
    fields = ["username", "attempt_time", "logout_time", "ip_address", "user_agent"]


@admin.register(AccessFailureLog)
class FailedLoginAdmin(LogAdmin):
    list_display = ["username", "attempt_time", "locked_out", "ip_address", "user_agent"]
    list_filter = ["locked_out", "attempt_time"]
    fields = ["username", "attempt_time", "locked_out", "ip_address", "user_agent"]


@admin.register(AccessAttempt)
class LockAdmin(LogAdmin):
    """Names that are counting towards a lock, or locked; deleting a row opens the name again."""

    list_display = ["username", "attempt_time", "failures_since_start", "ip_address", "user_agent"]
    fields = ["username", "attempt_time", "failures_since_start", "ip_address", "user_agent"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast(User, request.user).has_perm("axes.delete_accessattempt")
