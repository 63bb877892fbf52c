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

from tools.admin import ReadOnlyAdmin
from votes import holds
from votes.models import AuditEntry, HeldVote

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
            if self._decide(request):
                return HttpResponseRedirect(request.path)
        groups = holds.held_groups()
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

    def _decide(self, request: HttpRequest) -> bool:
        """Whether all of it was done; what was not is said."""
        chosen, note = request.POST.getlist("group"), request.POST.get("note", "").strip()
        action = ACTIONS.get(request.POST.get("action", ""))
        if not chosen or not note or not action:
            messages.error(request, "Choose at least one group, and write a note that says why.")
            return False
        decided = 0
        for key in chosen:
            try:
                decided += holds.decide(
                    key,
                    action=AuditEntry.Action(action),
                    actor=request.user.get_username(),
                    note=note[:500],
                    now=timezone.now(),
                )
            except (holds.NothingHeldError, ValueError):
                messages.warning(request, "A group has been decided on in the meantime.")
        votes = "1 vote" if decided == 1 else f"{decided} votes"
        messages.success(request, f"{votes} {AuditEntry.Action(action).label}.")
        return True
