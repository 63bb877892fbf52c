"""Who gets the email, and what proves that they asked for it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from newsletter.addresses import email_key
from newsletter.models import Channel, ConsentEvent, ConsentText, Proof, Subscriber
from tools.admin import ReadOnlyAdmin, ask_first


class ConsentEventInline(admin.TabularInline[ConsentEvent, Subscriber]):
    model = ConsentEvent
    fields = readonly_fields = ("at", "kind", "channel", "text", "page", "network", "agent")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    """Readers by state. Whole addresses are for staff who may see them; an exact one finds its
    reader for everybody."""

    list_filter = ["state"]
    search_fields = ["email_key"]
    search_help_text = "A whole address."
    inlines = [ConsentEventInline]
    actions = ["erase"]

    def address(self, request: HttpRequest) -> str:
        return "email" if request.user.has_perm("newsletter.see_addresses") else "hint"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self.address(request), "state", "created_at", "confirmed_at", "ended_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*self.get_list_display(request), "topics", "bounce_score", "last_bounce_on"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        if search_term:
            queryset = queryset.filter(email_key=email_key(search_term.strip()))
        return queryset, False

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletter.delete_subscriber")

    @admin.action(description="Erase all that is kept of them", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            readers = f"{queryset.count()} reader{'s' if queryset.count() != 1 else ''}"
            return ask_first(
                request,
                self,
                title="Erase readers",
                warning=f"All that is kept of {readers} is erased for good.",
                button=f"Erase {readers}",
            )
        now = timezone.now()
        for subscriber in queryset:
            subscriber.erase(proof=Proof(Channel.ADMIN), now=now)
        self.message_user(request, f"{len(queryset)} erased.")
        return None


@admin.register(ConsentText)
class ConsentTextAdmin(ReadOnlyAdmin):
    list_display = ["version", "language", "created_at", "body"]
