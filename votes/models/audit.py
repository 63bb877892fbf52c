"""Why a vote is held, and what was decided on votes, by whom and why."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Reason(models.IntegerChoices):
    """Why a vote was held at first, or was rejected. It stays when the vote is released."""

    NONE = 0, "none"
    FAST = 1, "sent faster than a form is read"
    COOKIE = 2, "came with a cookie that is not ours"
    NETWORK_ON_TOOL = 3, "many votes of one network on one tool in a day"
    NETWORK_RATE = 4, "many votes of one network in a short time"
    VOTER_RATE = 5, "many votes of one voter in an hour"
    UNCHECKED = 6, "could not be checked when it was cast"


class AuditEntry(models.Model):
    """What was decided on votes, by whom and why. Append-only: the database refuses the rest."""

    class Action(models.TextChoices):
        RELEASED = "released", "released"
        REJECTED = "rejected", "rejected"
        KEPT = "kept", "kept held"
        RELEASED_NIGHTLY = "nightly", "released by the nightly rule"
        FORGOTTEN = "forgotten", "forgotten at the reader's request"
        REBUILT = "rebuilt", "tallies rebuilt"

    at = models.DateTimeField()
    actor = models.CharField(max_length=150, help_text="A staff user's name, or the job's.")
    action = models.CharField(max_length=10, choices=Action)
    note = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=200, blank=True, help_text="The tool or the pair.")
    reason = models.PositiveSmallIntegerField(choices=Reason, default=Reason.NONE)
    votes = models.PositiveIntegerField(help_text="How many votes it was about.")
    vote_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    before = models.JSONField(default=dict, blank=True, help_text="The tally before.")
    after = models.JSONField(default=dict, blank=True, help_text="The tally after.")

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(
                name="staff_decision_has_a_note",
                condition=~Q(action__in=["released", "rejected", "kept"]) | ~Q(note=""),
            ),
            models.CheckConstraint(name="audit_entry_has_an_actor", condition=~Q(actor="")),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.votes} {self.get_action_display()}"
