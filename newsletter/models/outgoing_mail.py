"""Mails to one person that a person waits for: what is to be sent, and how often at most."""

from __future__ import annotations

import datetime as dt

from django.db import models, transaction
from django.db.models import F, Q

from newsletter.models.consent import Channel, ConsentEvent, Proof
from newsletter.models.moves import Move
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
            Q(subscriber__state__in=[Subscriber.State.COMPLAINED, Subscriber.State.ERASED])
            | Q(kind=OutgoingMail.Kind.MOVE, move__isnull=True)
            | Q(move__confirmed_at__isnull=False)
        )

    def of_a_kind_with(self, kind: str) -> OutgoingMailQuerySet:
        """Those that ask somebody to confirm are one kind: their reader never heard of us."""
        return self.filter(kind__in=ASKING if kind in ASKING else [kind])

    def settled(self, *, now: dt.datetime) -> OutgoingMailQuerySet:
        """So old that no cooldown asks for them any more: two weeks, longer while pending."""
        return self.filter(created_at__lt=now - PENDING_FOR).exclude(
            subscriber__state=Subscriber.State.PENDING
        )

    def claim(self, pk: int, *, now: dt.datetime) -> OutgoingMail | None:
        """The mail, for one attempt that nobody else makes; None if there is nothing to do."""
        claimed = (
            self.due(now=now)
            .filter(pk=pk)
            .update(attempts=F("attempts") + 1, due_at=now + ATTEMPT_EVERY)
        )
        return self.select_related("subscriber", "move").get(pk=pk) if claimed else None


class OutgoingMail(models.Model):
    """A mail to one person that a person waits for. Neither address nor body is kept in it."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "please confirm"
        ALREADY_SUBSCRIBED = "already", "you are already subscribed"
        DATA_LINK = "data-link", "a link to your own data"
        MOVE = "move", "please confirm your other address"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=14, choices=Kind)
    email_key = models.BinaryField(
        max_length=32, editable=False, help_text="Whom it goes to, for the cooldown."
    )
    move = models.ForeignKey(Move, on_delete=models.SET_NULL, null=True, related_name="mails")
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
            models.Index(fields=["email_key"], name="outgoing_mail_to_an_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.subscriber}"

    @property
    def address(self) -> str:
        return self.move.email if self.move else self.subscriber.email

    @classmethod
    def post(
        cls, subscriber: Subscriber, kind: Kind, *, move: Move | None = None, now: dt.datetime
    ) -> OutgoingMail | None:
        """Put a mail into the outbox, unless the address has had its share of this kind.

        A mail for a `move` goes to its address, and counts there with the confirmations.
        The caller holds the subscriber's lock, or does not mind a second mail.
        """
        key = move.email_key if move else subscriber.email_key
        assert key is not None
        same = cls.objects.of_a_kind_with(kind).filter(email_key=key)
        times = list(same.values_list("created_at", flat=True).order_by("-created_at"))
        if len(times) >= MAILS_AT_MOST or (times and now - times[0] < MAIL_EVERY):
            return None
        if move and cls.objects.filter(subscriber=subscriber, kind=kind).count() >= MAILS_AT_MOST:
            return None
        return cls.objects.create(
            subscriber=subscriber, kind=kind, email_key=key, move=move, created_at=now, due_at=now
        )

    @transaction.atomic
    def mark_sent(self, *, now: dt.datetime) -> None:
        """Unless the reader was erased meanwhile, and the row with them."""
        is_there = OutgoingMail.objects.filter(pk=self.pk).update(sent_at=now)
        if is_there and self.kind in ASKING:
            self.subscriber.note(
                ConsentEvent.Kind.CONFIRM_SENT, proof=Proof(Channel.CLOCK), now=now
            )


ASKING = [OutgoingMail.Kind.CONFIRMATION, OutgoingMail.Kind.MOVE]
