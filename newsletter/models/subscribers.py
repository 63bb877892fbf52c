"""Who gets the weekly email: readers, and what may become of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from newsletter.addresses import email_key, receiver_of
from newsletter.models.consent import ConsentEvent, ConsentText, Proof
from newsletter.models.moves import Move
from newsletter.models.sign_ups import PENDING_FOR, SignUp
from newsletter.models.suppressions import Suppression

# How long 'undo' stands on the page that says goodbye.
UNDO_FOR = dt.timedelta(minutes=10)

FORGET_TOPICS = """
update newsletter_subscriber set topics = array(
    select topic from unnest(topics) topic
    where topic in (select id from tools_category) order by 1)
where topics <> '{}' and not topics <@ array(select id from tools_category)
"""


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def confirmed(self) -> SubscriberQuerySet:
        """Those who may be mailed, and nobody else."""
        return self.filter(state=Subscriber.State.CONFIRMED)

    def interested_in(self, category_ids: list[int]) -> SubscriberQuerySet:
        """Readers of every topic, and readers of one of these."""
        return self.filter(Q(topics=[]) | Q(topics__overlap=category_ids))

    def never_confirmed(self, *, now: dt.datetime) -> SubscriberQuerySet:
        """Asked so long ago, and were mailed so long ago, that they are to be forgotten.

        Also those whose first mail bounced, or was called spam: they never agreed to be kept.
        """
        return self.filter(confirmed_at__isnull=True, created_at__lt=now - PENDING_FOR).exclude(
            Q(state=Subscriber.State.ERASED) | Q(mails__created_at__gt=now - PENDING_FOR)
        )

    def of_address(self, address: str) -> Subscriber | None:
        return self.filter(email_key=email_key(address)).first()

    def forget_topics_that_are_gone(self) -> None:
        """Drop topics whose category was deleted; who had no other gets every topic.

        So their preferences say it, and a reader whose one topic is gone does not fall silent.
        """
        with connection.cursor() as cursor:
            cursor.execute(FORGET_TOPICS)

    def claim_address(self, address: str, *, topics: list[int], now: dt.datetime) -> Subscriber:
        """The subscriber of the address, locked; a new pending one if there is none."""
        key = email_key(address)
        self.bulk_create(
            [
                Subscriber(
                    email=address,
                    email_key=key,
                    receiver=receiver_of(address),
                    topics=topics,
                    created_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        return self.select_for_update().get(email_key=key)


class Subscriber(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", "asked, not confirmed"
        CONFIRMED = "confirmed", "confirmed"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        UNDELIVERABLE = "undeliverable", "does not take our mail"
        COMPLAINED = "complained", "reported as spam"
        ERASED = "erased", "erased"

    email = models.EmailField(max_length=254, blank=True, help_text="Empty once erased.")
    email_key = models.BinaryField(
        max_length=32, unique=True, null=True, editable=False, help_text="The keyed hash."
    )
    state = models.CharField(max_length=14, choices=State, default=State.PENDING)
    token_version = models.PositiveSmallIntegerField(
        default=1, help_text="One more makes every link mailed before worthless."
    )
    # Ids, not a table between: the audience of an issue is grouped by this column, a million rows
    # at a time. Empty means every topic.
    topics = ArrayField(models.BigIntegerField(), default=list, blank=True)
    receiver = models.CharField(
        max_length=253, blank=True, help_text="Who runs the mailbox: a company or a domain."
    )
    bounce_score = models.DecimalField(max_digits=3, decimal_places=1, default=0)
    last_bounce_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="subscriber_has_no_address_once_erased",
                condition=Q(state="erased", email="", email_key__isnull=True)
                | (~Q(state="erased") & ~Q(email="") & Q(email_key__isnull=False)),
            ),
            models.CheckConstraint(
                name="subscriber_is_confirmed_at_an_hour",
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="subscriber_has_ended_at_an_hour",
                condition=Q(state__in=["pending", "confirmed"], ended_at__isnull=True)
                | Q(
                    state__in=["unsubscribed", "undeliverable", "complained", "erased"],
                    ended_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="subscriber_bounce_score_is_never_negative",
                condition=Q(bounce_score__gte=0),
            ),
        ]
        indexes = [
            # The freeze walks the confirmed in this order.
            models.Index(
                fields=["id"], name="subscriber_confirmed", condition=Q(state="confirmed")
            ),
            models.Index(
                fields=["created_at"], name="subscriber_pending", condition=Q(state="pending")
            ),
        ]
        permissions = [("see_addresses", "Can see subscribers' addresses")]

    def __str__(self) -> str:
        return f"Subscriber {self.pk}"

    @property
    def is_confirmed(self) -> bool:
        return self.state == self.State.CONFIRMED

    @property
    def is_mailed(self) -> bool:
        """Gets mail, or will after confirming. One who was erased is not even stored any more."""
        return self.pk is not None and self.state in {self.State.PENDING, self.State.CONFIRMED}

    @property
    def is_erased(self) -> bool:
        return self.pk is None or self.state == self.State.ERASED

    @property
    def hint(self) -> str:
        """Enough of the address for its owner: 'r…@example.org'."""
        local, _, domain = self.email.rpartition("@")
        return f"{local[:1]}…@{domain}"

    def can_undo(self, *, now: dt.datetime) -> bool:
        """The reader has just left, and may take it back."""
        return (
            self.state == self.State.UNSUBSCRIBED
            and self.ended_at is not None
            and now - self.ended_at < UNDO_FOR
        )

    def accepts_confirmation(self, *, asked_at: dt.datetime) -> bool:
        """A confirmation link made at `asked_at` still means something.

        One made before the reader left does not bring them back, and whoever reported
        us as spam is never mailed again.
        """
        if self.state in {self.State.COMPLAINED, self.State.ERASED}:
            return False
        return self.ended_at is None or asked_at >= self.ended_at

    @transaction.atomic
    def confirm(self, *, asked_at: dt.datetime, proof: Proof, now: dt.datetime) -> None:
        """Subscribe the reader, who holds a link made at `asked_at`. Again changes nothing."""
        self.lock()
        if self.is_confirmed:
            return
        suppression = Suppression.objects.filter(pk=self.email_key).first()
        has_complained = suppression and suppression.reason == Suppression.Reason.COMPLAINED
        if has_complained or not self.accepts_confirmation(asked_at=asked_at):
            raise StaleConfirmationError
        if suppression:
            suppression.delete()
        self.state = self.State.CONFIRMED
        self.confirmed_at, self.ended_at = now, None
        self.bounce_score, self.last_bounce_on = 0, None
        self.save()
        self.note(ConsentEvent.Kind.CONFIRMED, proof=proof, now=now)

    @transaction.atomic
    def unsubscribe(self, *, proof: Proof, now: dt.datetime) -> None:
        """No more mail. A reader who never confirmed is erased at once. Again changes nothing."""
        self.lock()
        if self.state == self.State.PENDING:
            self.erase(proof=proof, now=now)
        elif self.is_confirmed:
            self.end(self.State.UNSUBSCRIBED, now=now)
            self.note(ConsentEvent.Kind.UNSUBSCRIBED, proof=proof, now=now)

    @transaction.atomic
    def undo_unsubscribe(self, *, proof: Proof, now: dt.datetime) -> None:
        """Take the reader back within ten minutes; later, or otherwise, nothing happens."""
        self.lock()
        if not self.can_undo(now=now):
            return
        Suppression.objects.filter(
            pk=self.email_key, reason=Suppression.Reason.UNSUBSCRIBED
        ).delete()
        self.state, self.ended_at = self.State.CONFIRMED, None
        self.save(update_fields=["state", "ended_at"])
        self.note(ConsentEvent.Kind.RESUMED, proof=proof, now=now)

    @transaction.atomic
    def choose_topics(self, topics: list[int], *, proof: Proof, now: dt.datetime) -> None:
        """Mail of these categories only; of all for an empty list."""
        self.lock()
        if self.state == self.State.ERASED or sorted(topics) == self.topics:
            return
        self.topics = sorted(topics)
        self.save(update_fields=["topics"])
        self.note(ConsentEvent.Kind.PREFERENCES, proof=proof, now=now)

    @transaction.atomic
    def move(self, move: Move, *, proof: Proof, now: dt.datetime) -> Subscriber:
        """Get the email at the address of `move`, whose owner confirms; the reader who has it now.

        Topics, history and what is on its way go along; links mailed before lead nowhere but out.
        Where the address has the email already, that stays and the old one is forgotten.
        Raises StaleConfirmationError.
        """
        self.lock()
        is_wanted = self.is_confirmed and self.moves.filter(pk=move.pk).exists()
        if not is_wanted or Suppression.objects.complained(bytes(move.email_key)):
            raise StaleConfirmationError
        if move.confirmed_at:
            return self
        address, move.email, move.confirmed_at = move.email, "", now
        move.save()
        locked = Subscriber.objects.select_for_update().exclude(pk=self.pk)
        known = locked.filter(email_key=move.email_key).first()
        if known and known.is_confirmed:
            known.moves.filter(email_key=move.email_key).delete()
            move.subscriber = known
            move.save(update_fields=["subscriber"])
            self.erase(proof=proof, now=now)
            return known
        if known:
            known.erase(proof=proof, now=now)
        Suppression.objects.filter(pk=move.email_key).delete()
        self.suppress(Suppression.Reason.UNSUBSCRIBED, now=now)
        self.moves.exclude(pk=move.pk).delete()
        self.email, self.email_key = address, move.email_key
        self.receiver = receiver_of(address)
        self.bounce_score, self.last_bounce_on = 0, None
        self.token_version += 1
        self.save()
        self.note(ConsentEvent.Kind.MOVED, proof=proof, now=now)
        return self

    @transaction.atomic
    def complain(self, *, proof: Proof, now: dt.datetime) -> None:
        """The reader called it spam: never again, whatever they or anybody sign up for."""
        self.lock()
        if self.state in {self.State.COMPLAINED, self.State.ERASED}:
            return
        self.end(self.State.COMPLAINED, now=now)
        self.note(ConsentEvent.Kind.COMPLAINT, proof=proof, now=now)

    @transaction.atomic
    def stop_as_undeliverable(self, *, proof: Proof, now: dt.datetime) -> None:
        """The mailbox refuses our mail for good."""
        self.lock()
        if self.state not in {self.State.PENDING, self.State.CONFIRMED}:
            return
        self.end(self.State.UNDELIVERABLE, now=now)
        self.note(ConsentEvent.Kind.BOUNCE_STOP, proof=proof, now=now)

    @transaction.atomic
    def erase(self, *, proof: Proof, now: dt.datetime) -> None:
        """Forget the address and all that is personal; its keyed hash stays suppressed.

        The row stays, empty, because past issues count it. One that was never confirmed
        leaves nothing at all but what a bounce or a complaint has suppressed.
        """
        self.lock()
        if self.state == self.State.ERASED:
            return
        never_confirmed = self.confirmed_at is None
        if not never_confirmed:
            self.suppress(Suppression.Reason.ERASED, now=now)
            self.note(ConsentEvent.Kind.ERASED, proof=proof, now=now)
        SignUp.objects.filter(email_key=self.email_key).delete()
        Move.objects.open().filter(email_key=self.email_key).delete()
        self.moves.all().delete()
        self.mails.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("select newsletter_forget_events(%s, %s)", [self.pk, never_confirmed])
        if never_confirmed:
            self.delete()
            return
        self.state, self.ended_at = self.State.ERASED, now
        self.email, self.email_key, self.topics, self.receiver = "", None, [], ""
        self.bounce_score, self.last_bounce_on = 0, None
        self.token_version += 1
        self.save()

    def lock(self) -> None:
        """The row as it stands, nobody else's until the transaction ends."""
        self.refresh_from_db(from_queryset=Subscriber.objects.select_for_update())

    def end(self, state: Subscriber.State, *, now: dt.datetime) -> None:
        self.state, self.ended_at = state, now
        self.save(update_fields=["state", "ended_at"])
        self.suppress(Suppression.Reason(state), now=now)

    def suppress(self, reason: Suppression.Reason, *, now: dt.datetime) -> None:
        """Keep the keyed hash; a complaint is never overwritten by a milder reason."""
        suppression, is_new = Suppression.objects.get_or_create(
            pk=self.email_key, defaults={"reason": reason, "at": now}
        )
        if not is_new and suppression.reason != Suppression.Reason.COMPLAINED:
            suppression.reason, suppression.at = reason, now
            suppression.save(update_fields=["reason", "at"])

    def note(
        self,
        kind: ConsentEvent.Kind,
        *,
        proof: Proof,
        now: dt.datetime,
        text: ConsentText | None = None,
    ) -> None:
        """Add a line to the proof of consent, with the wording that was shown (or today's)."""
        wording = text or ConsentText.objects.current()
        self.events.create(kind=kind, at=now, text=wording, **asdict(proof))


class StaleConfirmationError(Exception):
    """The link was made before the reader left, or the address must not be mailed."""
