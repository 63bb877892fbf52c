"""Mails to one person that a person waits for: what is to be sent, and how often at most."""

from __future__ import annotations

import datetime as dt

from django.db import models, transaction
from django.db.models import F, Q

from newsletter.models.consent import Channel, ConsentEvent, Proof
from newsletter.models.sign_ups import ATTEMPTS, PENDING_FOR
from newsletter.models.subscribers import Subscriber

# The same kind of mail to one address at most this often, and so many in the time above.
MAIL_EVERY = dt.timedelta(hours=24)
MAILS_AT_MOST = 3
# How long one attempt owns its row, which is also the pause before the next.
ATTEMPT_EVERY = dt.timedelta(minutes=5)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, *, now: dt.datetime) -> OutgoingMailQuerySet:
        """To be sent, or tried again; never to somebody who has complained since."""
        return self.filter(sent_at__isnull=True, attempts__lt=ATTEMPTS, due_at__lte=now).exclude(
            subscriber__state__in=[Subscriber.State.COMPLAINED, Subscriber.State.ERASED]
        )

    def settled(self, *, now: dt.datetime) -> OutgoingMailQuerySet:
        """So old that no cooldown asks for them any more."""
        return self.filter(created_at__lt=now - 2 * PENDING_FOR)

    def claim(self, pk: int, *, now: dt.datetime) -> OutgoingMail | None:
        """The mail, for one attempt that nobody else makes; None if there is nothing to do."""
        claimed = (
            self.due(now=now)
            .filter(pk=pk)
            .update(attempts=F("attempts") + 1, due_at=now + ATTEMPT_EVERY)
        )
        return self.select_related("subscriber").get(pk=pk) if claimed else None


class OutgoingMail(models.Model):
    """A mail to one person that a person waits for. Neither address nor body is kept in it."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "please confirm"
        ALREADY_SUBSCRIBED = "already", "you are already subscribed"
        DATA_LINK = "data-link", "a link to your own data"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=14, choices=Kind)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="outgoing_mail_is_tried_at_most_five_times",
                condition=Q(attempts__lte=ATTEMPTS),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="outgoing_mail_due", condition=Q(sent_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.subscriber}"

    @classmethod
    def post(cls, subscriber: Subscriber, kind: Kind, *, now: dt.datetime) -> OutgoingMail | None:
        """Put a mail into the outbox, unless the address has had its share of this kind.

        The caller holds the subscriber's lock, or does not mind a second mail.
        """
        recent = cls.objects.filter(
            subscriber=subscriber, kind=kind, created_at__gt=now - PENDING_FOR
        ).order_by("-created_at")[:MAILS_AT_MOST]
        times = [mail.created_at for mail in recent]
        if len(times) == MAILS_AT_MOST or (times and now - times[0] < MAIL_EVERY):
            return None
        return cls.objects.create(subscriber=subscriber, kind=kind, created_at=now, due_at=now)

    @transaction.atomic
    def mark_sent(self, *, now: dt.datetime) -> None:
        """Unless the reader was erased meanwhile, and the row with them."""
        is_there = OutgoingMail.objects.filter(pk=self.pk).update(sent_at=now)
        if is_there and self.kind == self.Kind.CONFIRMATION:
            self.subscriber.note(
                ConsentEvent.Kind.CONFIRM_SENT, proof=Proof(Channel.CLOCK), now=now
            )
