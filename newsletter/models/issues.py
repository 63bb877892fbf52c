"""The weekly issue: what it says, when it goes out, and how far it got."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from newsletter.models.books import RATE_OVER, Books
from newsletter.models.deliveries import Delivery

# An issue that has not gone out this long after its slot waits for a person.
LATEST_AFTER = dt.timedelta(hours=24)
# Deliveries are dropped this long after the issue is done; the totals stay.
KEPT_FOR = dt.timedelta(days=90)


class IssueQuerySet(models.QuerySet["Issue"]):
    def of_week(self, monday: dt.date) -> Issue | None:
        return self.filter(week_of=monday).first()

    def latest_begun(self) -> Issue | None:
        """The newest issue whose audience is known."""
        return self.filter(audience__isnull=False).order_by("-week_of").first()

    def newest_first(self) -> IssueQuerySet:
        return self.order_by("-week_of")

    def due(self, *, now: dt.datetime) -> IssueQuerySet:
        """Drafts and scheduled issues whose hour has come, and freezes that were cut off."""
        return self.filter(
            state__in=[Issue.State.DRAFT, Issue.State.READY, Issue.State.FREEZING],
            send_at__lte=now,
        )

    def before(self, monday: dt.date) -> Issue | None:
        """The last issue that told readers anything before this week's."""
        told = self.exclude(state=Issue.State.CANCELLED).filter(made_at__isnull=False)
        return told.filter(week_of__lt=monday).order_by("-week_of").first()

    def to_come(self) -> IssueQuerySet:
        """Drafts and scheduled issues, the next one first."""
        return self.filter(state__in=[Issue.State.DRAFT, Issue.State.READY]).order_by("send_at")

    def stopped(self) -> IssueQuerySet:
        """Paused, or held for a person."""
        return self.filter(state__in=[Issue.State.PAUSED, Issue.State.HELD])

    def sending(self) -> IssueQuerySet:
        return self.filter(state=Issue.State.SENDING)

    def finished(self) -> IssueQuerySet:
        """Being sent, with nothing left to try. 'Done' is read from the rows, never declared."""
        unsettled = Delivery.objects.open().filter(issue=OuterRef("pk"))
        returning = Delivery.objects.ambiguous().filter(issue=OuterRef("pk"))
        return (
            self.sending()
            .filter(~Exists(unsettled))
            .filter(Q(ambiguous_policy=Issue.Policy.HOLD) | ~Exists(returning))
        )

    def sent_to_readers(self) -> IssueQuerySet:
        """Issues that went out, wholly or so far: the public archive."""
        return self.filter(
            state__in=[Issue.State.SENDING, Issue.State.PAUSED, Issue.State.DONE],
            audience__isnull=False,
        ).newest_first()


class Issue(models.Model):
    """One week's email. Its words can be edited while it is a draft, and never after."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        READY = "ready", "scheduled"
        FREEZING = "freezing", "collecting its readers"
        SENDING = "sending", "being sent"
        PAUSED = "paused", "paused"
        HELD = "held", "held for a person"
        CANCELLED = "cancelled", "cancelled"
        DONE = "done", "done"

    class Policy(models.TextChoices):
        """What becomes of a mail that may or may not have been sent."""

        HOLD = "hold", "wait for a person"
        RESEND = "resend", "send again"
        IDEMPOTENT = "idempotent", "send again; the relay drops a second copy"

    week_of = models.DateField("week of", help_text="The Monday of its ISO week.")
    slot_on = models.DateField("date", help_text="The local date of its slot: its address.")
    send_at = models.DateTimeField(help_text="It goes out at this minute.")
    send_by = models.DateTimeField(help_text="Later than this it waits for a person.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is paused or held.")
    subject = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Made with its digest."
    )
    intro = models.TextField(max_length=2000, blank=True, help_text="A few words of the editors.")
    item_order = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Keys of items in the editors' order; those left out follow as they come.",
    )
    contents = models.JSONField(
        default=dict, blank=True, editable=False, help_text="The digest as it stood."
    )
    answers = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="The answer of every published comparison as it stood.",
    )
    audience = models.PositiveIntegerField(null=True, blank=True, editable=False)
    ambiguous_policy = models.CharField(max_length=10, choices=Policy, default=Policy.HOLD)
    # Faults since the last good batch or pause, for the breaker.
    connection_errors = models.PositiveIntegerField(default=0, editable=False)
    window_tried = models.PositiveIntegerField(default=0, editable=False)
    window_refused = models.PositiveIntegerField(default=0, editable=False)
    totals = models.JSONField(null=True, editable=False, help_text="The books once rows are gone.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    made_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its digest was made."
    )
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-week_of"]
        permissions = [("send_issue", "Can schedule, pause, resume and cancel issues")]
        constraints = [
            models.UniqueConstraint(name="week_has_one_issue", fields=["week_of"]),
            models.UniqueConstraint(name="issue_address_is_used_once", fields=["slot_on"]),
            models.CheckConstraint(
                name="issue_week_begins_on_a_monday", condition=Q(week_of__iso_week_day=1)
            ),
            models.CheckConstraint(
                name="issue_state_is_known",
                condition=Q(
                    state__in=[
                        "draft",
                        "ready",
                        "freezing",
                        "sending",
                        "paused",
                        "held",
                        "cancelled",
                        "done",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="issue_policy_is_known",
                condition=Q(ambiguous_policy__in=["hold", "resend", "idempotent"]),
            ),
            models.CheckConstraint(
                name="issue_is_sent_to_a_counted_audience",
                condition=~Q(state__in=["sending", "done"])
                | Q(audience__isnull=False, frozen_at__isnull=False),
            ),
            models.CheckConstraint(
                name="issue_latest_time_follows_its_hour", condition=Q(send_by__gte=F("send_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"Issue of {self.slot_on:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        return reverse("issue_detail", args=[self.slot_on])

    @property
    def is_editable(self) -> bool:
        """Its words are not fixed: a draft, or one that was held before it was made."""
        is_held = self.state == self.State.HELD and self.made_at is None
        return self.state == self.State.DRAFT or is_held

    @property
    def is_frozen(self) -> bool:
        """Its audience stands as rows."""
        return self.audience is not None

    @property
    def can_pause(self) -> bool:
        return self.state in {self.State.READY, self.State.SENDING}

    @property
    def can_resume(self) -> bool:
        return self.state in {self.State.PAUSED, self.State.HELD}

    @property
    def can_cancel(self) -> bool:
        return self.state not in {self.State.CANCELLED, self.State.DONE}

    def books(self, *, now: dt.datetime) -> Books:
        if self.totals is not None:
            return Books(audience=self.audience or 0, **self.totals)
        state = Delivery.State
        rows = self.deliveries.aggregate(
            pending=Count("pk", filter=Q(state=state.PENDING)),
            claimed=Count("pk", filter=Q(state=state.CLAIMED)),
            deferred=Count("pk", filter=Q(state=state.DEFERRED)),
            sent=Count("pk", filter=Q(state=state.SENT)),
            failed=Count("pk", filter=Q(state=state.FAILED)),
            suppressed=Count("pk", filter=Q(state=state.SUPPRESSED)),
            ambiguous=Count("pk", filter=Q(state=state.AMBIGUOUS)),
            sent_lately=Count("pk", filter=Q(state=state.SENT, sent_at__gt=now - RATE_OVER)),
        )
        return Books(audience=self.audience or 0, **rows)

    def pause(self, *, reason: str) -> None:
        """Stop within one message per worker. Raises WrongStateError."""
        self.move(self.State.PAUSED, out_of=[self.State.READY, self.State.SENDING], reason=reason)

    def hold(self, *, reason: str) -> None:
        """Let nothing go out before a person has looked. Raises WrongStateError."""
        waiting = [self.State.DRAFT, self.State.READY, self.State.FREEZING, self.State.SENDING]
        self.move(self.State.HELD, out_of=waiting, reason=reason)

    def resume(self, *, now: dt.datetime) -> None:
        """Go on where it stopped; late or not, a person has decided. Raises WrongStateError."""
        stopped = [self.State.PAUSED, self.State.HELD]
        following = self.State.SENDING if self.is_frozen else self.State.READY
        if not self.is_frozen and not self.editions.exists():
            following = self.State.DRAFT
        self.move(
            following,
            out_of=stopped,
            reason="",
            connection_errors=0,
            window_tried=0,
            window_refused=0,
            send_by=self.latest_time(now=now),
        )

    def cancel(self, *, reason: str) -> None:
        """Send no more of it, ever. Raises WrongStateError."""
        over = {self.State.CANCELLED, self.State.DONE}
        self.move(
            self.State.CANCELLED,
            out_of=[state for state in self.State if state not in over],
            reason=reason,
        )

    @transaction.atomic
    def send_again(self, *, subscriber_ids: list[int] | None = None, now: dt.datetime) -> int:
        """Queue mails that may not have been sent, some or all; how many there were."""
        rows = self.deliveries.ambiguous()
        if subscriber_ids is not None:
            rows = rows.filter(subscriber__in=subscriber_ids)
        queued = rows.update(state=Delivery.State.PENDING, lease=None, next_at=None)
        if queued:
            Issue.objects.filter(pk=self.pk).update(send_by=self.latest_time(now=now))
            Issue.objects.filter(pk=self.pk, state=self.State.DONE).update(
                state=self.State.SENDING, finished_at=None
            )
            self.refresh_from_db()
        return queued

    def latest_time(self, *, now: dt.datetime) -> dt.datetime:
        """The latest time, moved on where it is over: a day from now."""
        return self.send_by if self.send_by > now else now + LATEST_AFTER

    def move(self, state: State, *, out_of: list[State], **changes: Any) -> None:
        """One conditional update that must hit the row. Raises WrongStateError."""
        moved = Issue.objects.filter(pk=self.pk, state__in=out_of).update(state=state, **changes)
        self.refresh_from_db()
        if not moved:
            raise WrongStateError(f"{self} is {self.get_state_display()}.")


class WrongStateError(Exception):
    """The issue's state does not allow the step; the message says what it is."""


class QuietWeek(models.Model):
    """A week whose slot came and had nothing to say; the staff were told."""

    week_of = models.DateField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Week of {self.week_of}"
