"""The staff's view of the box: what is held, to decide on; what was decided, to look at.

Nobody adds a vote here, and nobody edits a choice.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from tools.admin import ReadOnlyAdmin, ask_first
from votes import holds
from votes.models import AuditEntry, HeldVote
from votes.queue import held_groups

# Groups on one screen, the oldest first; the next ones move up.
GROUPS_SHOWN = 100
ACTIONS = {"release": "released", "reject": "rejected", "keep": "kept"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "action", "subject", "reason", "votes", "note"]
    list_filter = ["action", "reason"]
    search_fields = ["actor", "subject", "note"]
    date_hierarchy = "at"


@admin.register(HeldVote)
class HeldVoteAdmin(ReadOnlyAdmin):
    """The queue, in place of a list of rows."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_decide = request.user.has_perm("votes.decide_held_votes")
        if request.method == "POST":
            if not may_decide:
                raise PermissionDenied
            if answer := self._take(request):
                return answer
        groups = held_groups()
        context = {
            **self.admin_site.each_context(request),
            "title": "Held votes",
            "opts": self.opts,
            "groups": groups[:GROUPS_SHOWN],
            "more": len(groups[GROUPS_SHOWN:]),
            "chosen": request.POST.getlist("group"),
            "note": request.POST.get("note", ""),
            "may_decide": may_decide,
        }
        return TemplateResponse(request, "admin/votes/held_votes.html", context)

    def _take(self, request: HttpRequest) -> HttpResponse | None:
        """Ask whether it is meant, then do it; None when something is missing, which is said."""
        chosen, note = request.POST.getlist("group"), request.POST.get("note", "").strip()
        wanted = request.POST.get("action", "")
        if not chosen or not note or wanted not in ACTIONS:
            messages.error(request, "Choose at least one group, and write a note that says why.")
            return None
        if "confirmed" not in request.POST:
            return self._ask(request, wanted=wanted, chosen=set(chosen), note=note)
        self._decide(request, wanted=wanted, chosen=chosen, note=note)
        return HttpResponseRedirect(request.path)

    def _ask(
        self, request: HttpRequest, *, wanted: str, chosen: set[str], note: str
    ) -> HttpResponse:
        groups = [group for group in held_groups() if group.key in chosen]
        votes = counted(sum(group.votes for group in groups), "vote")
        return ask_first(
            request,
            self,
            title=f"{wanted.capitalize()} held votes",
            warning=f"{votes} in {counted(len(groups), 'group')}. The decision stands in the log "
            f"under your name, with the note ‘{note}’, and is not taken back.",
            button=f"{wanted.capitalize()} {votes}",
            things=[
                f"{group.title}, {group.day:%-d %B}: {group.held_words}. Counted "
                + (f"then: {group.after_words}." if wanted == "release" else "votes stay the same.")
                for group in groups
            ],
        )

    def _decide(self, request: HttpRequest, *, wanted: str, chosen: list[str], note: str) -> None:
        """All of it that is still held; what is not is said."""
        action, decided = AuditEntry.Action(ACTIONS[wanted]), 0
        for key in chosen:
            try:
                decided += holds.decide(
                    key,
                    action=action,
                    actor=request.user.get_username(),
                    note=note[:500],
                    now=timezone.now(),
                )
            except (holds.NothingHeldError, ValueError):
                messages.warning(request, "A group has been decided on in the meantime.")
        messages.success(request, f"{counted(decided, 'vote')} {action.label}.")


def counted(number: int, what: str) -> str:
    """'1 vote', '6 votes'."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
