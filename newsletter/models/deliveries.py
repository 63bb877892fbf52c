"""Who gets an issue, and how far each mail got. These rows are the queue, and the only truth.

A slice of work claims rows under a lease, and moves the lease's cursor, committed, before each
body is handed over. So after a crash: before the cursor is sent, behind it is not, and the one
row at the cursor is ambiguous.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from newsletter.models.subscribers import Subscriber


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        """Still to be tried, or being tried."""
        return self.filter(
            state__in=[Delivery.State.PENDING, Delivery.State.CLAIMED, Delivery.State.DEFERRED]
        )

    def claimable(self, *, now: dt.datetime) -> DeliveryQuerySet:
        return self.filter(
            Q(next_at__isnull=True) | Q(next_at__lte=now),
            state__in=[Delivery.State.PENDING, Delivery.State.DEFERRED],
        )

    def deferred(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.DEFERRED)

    def failed(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.FAILED)

    def ambiguous(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.AMBIGUOUS)


class Delivery(models.Model):
    """One reader's copy of one issue. It holds neither address nor body."""

    class State(models.IntegerChoices):
        PENDING = 0, "pending"
        CLAIMED = 1, "claimed"
        DEFERRED = 2, "deferred"
        SENT = 3, "sent"
        FAILED = 4, "failed"
        SUPPRESSED = 5, "suppressed"
        AMBIGUOUS = 6, "ambiguous"

    pk = models.CompositePrimaryKey("issue_id", "subscriber_id")
    issue = models.ForeignKey(
        "newsletter.Issue", on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    # Readers of an issue are never deleted, their rows are emptied. A constraint would make the
    # freeze of a million rows three times slower, and each sign-up's clearing scan them all.
    subscriber = models.ForeignKey(
        Subscriber,
        on_delete=models.DO_NOTHING,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    edition = models.ForeignKey(
        "newsletter.Edition",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    state = models.SmallIntegerField(choices=State, default=State.PENDING)
    lease = models.ForeignKey(
        "newsletter.Lease",
        on_delete=models.SET_NULL,
        null=True,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    smtp_code = models.SmallIntegerField(null=True)
    reply = models.CharField(max_length=120, default="")
    sent_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                name="delivery_state_is_known", condition=Q(state__gte=0, state__lte=6)
            ),
            models.CheckConstraint(
                name="delivery_is_claimed_by_a_lease",
                condition=~Q(state=1) | Q(lease__isnull=False),
            ),
            models.CheckConstraint(
                name="deferred_delivery_waits_for_an_hour",
                condition=~Q(state=2) | Q(next_at__isnull=False),
            ),
            models.CheckConstraint(
                name="sent_delivery_has_its_hour", condition=~Q(state=3) | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["issue", "subscriber"],
                name="delivery_still_to_try",
                condition=Q(state__in=[0, 2]),
            ),
            models.Index(fields=["lease"], name="delivery_in_hand", condition=Q(state=1)),
            models.Index(
                fields=["issue", "subscriber"],
                name="delivery_ambiguous",
                condition=Q(state=6),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue_id} to {self.subscriber_id}: {self.get_state_display()}"


class Lease(models.Model):
    """A slice's hold on a batch of deliveries. Alive as long as its slot's lock is held.

    `slot` is the number of an SMTP connection, and of the advisory lock of the session that
    uses it; `pos` is the subscriber whose body may have been handed over last.
    """

    issue = models.ForeignKey("newsletter.Issue", on_delete=models.CASCADE, related_name="leases")
    slot = models.SmallIntegerField()
    pos = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["slot"], name="lease_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Lease {self.pk} in slot {self.slot}"


class Switch(models.Model):
    """One row: the kill switch, when the email was installed, and on which database."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    stop = models.BooleanField("stop all sending", default=False)
    installed_at = models.DateTimeField(default=timezone.now, editable=False)
    database_identity = models.CharField(max_length=60, editable=False)

    class Meta:
        verbose_name_plural = "switch"
        constraints = [
            models.CheckConstraint(name="there_is_one_switch", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return "All sending is stopped" if self.stop else "Sending is allowed"

    @classmethod
    def load(cls, *, now: dt.datetime) -> Switch:
        """The one row; made at the first look."""
        switch, _ = cls.objects.get_or_create(
            pk=1, defaults={"installed_at": now, "database_identity": database_identity()}
        )
        return switch

    @property
    def is_at_home(self) -> bool:
        """The database is the one on which the email was installed or adopted."""
        return self.database_identity == database_identity()

    def adopt(self) -> None:
        """Accept a restored or moved database as ours."""
        self.database_identity = database_identity()
        self.save(update_fields=["database_identity"])


def database_identity() -> str:
    """The server's own identifier and the database's: another after a restore or a move."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select system_identifier || '/' ||"
            " (select oid::text from pg_database where datname = current_database())"
            " from pg_control_system()"
        )
        return str(cursor.fetchone()[0])


class ReceiverPause(models.Model):
    """A receiving company that asked us to slow down; its readers wait."""

    receiver = models.CharField(max_length=253, primary_key=True)
    paused_until = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="receiver_pauses_for_at_most_an_hour",
                condition=Q(minutes__gte=1, minutes__lte=60),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} until {self.paused_until:%H:%M}"


class MailEvent(models.Model):
    """What a mail provider reported, once each, however often it is repeated."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "delivered"
        BOUNCED = "bounced", "bounced for good"
        DELAYED = "delayed", "bounced for now"
        REFUSED = "refused", "refused for what it says"
        COMPLAINED = "complained", "reported as spam"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed at the provider"

    provider = models.CharField(max_length=40)
    # A hash: some providers put the address into their ids.
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind)
    issue = models.ForeignKey(
        "newsletter.Issue", on_delete=models.SET_NULL, null=True, related_name="mail_events"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="mail_event_counts_once", fields=["provider", "event_id"]),
        ]
        indexes = [models.Index(fields=["issue", "kind"], name="mail_event_of_an_issue")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind}"
