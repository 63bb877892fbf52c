"""What visitors ask for. A request writes one row, whatever is known of the address."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from newsletter.models.consent import Channel, ConsentText, Proof

# A sign-up that nobody confirms is erased after this long; so long its link is good.
PENDING_FOR = dt.timedelta(days=14)
# A wake-up that has not come after this long is not waited for.
PICK_UP_AFTER = dt.timedelta(minutes=1)
# A mail that the relay refuses this often is given up.
ATTEMPTS = 5


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def unanswered(self, *, now: dt.datetime) -> SignUpQuerySet:
        """Left behind by a lost wake-up; not those that have failed again and again."""
        return self.filter(attempts__lt=ATTEMPTS, at__lt=now - PICK_UP_AFTER)

    def hopeless(self, *, now: dt.datetime) -> SignUpQuerySet:
        return self.filter(at__lt=now - PENDING_FOR)

    def claim(self, pk: int) -> SignUp | None:
        """The request, for one more attempt; None if it is answered or has failed too often."""
        claimed = self.filter(pk=pk, attempts__lt=ATTEMPTS).update(attempts=F("attempts") + 1)
        return self.filter(pk=pk).first() if claimed else None


class SignUp(models.Model):
    """What a visitor asked for, as the request wrote it. Answered by the worker, then gone."""

    class Wish(models.TextChoices):
        SUBSCRIBE = "subscribe", "the weekly email"
        OWN_DATA = "own-data", "a link to their own data"
        MOVE = "move", "the email at this address instead"

    wish = models.CharField(max_length=10, choices=Wish, default=Wish.SUBSCRIBE)
    # Who wants to move; nobody else is known by the request.
    subscriber = models.ForeignKey(
        "newsletter.Subscriber", on_delete=models.CASCADE, null=True, related_name="+"
    )
    email = models.EmailField(max_length=254)
    email_key = models.BinaryField(max_length=32)
    topics = ArrayField(models.BigIntegerField(), default=list)
    at = models.DateTimeField()
    page = models.CharField(max_length=200, blank=True)
    network = models.CharField(max_length=50, blank=True)
    agent = models.CharField(max_length=20, blank=True)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="who_moves_is_known",
                condition=Q(wish="move") ^ Q(subscriber__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["email_key"], name="sign_up_of_an_address")]

    def __str__(self) -> str:
        return f"Sign-up {self.pk}"

    @property
    def proof(self) -> Proof:
        return Proof(Channel.FORM, page=self.page, network=self.network, agent=self.agent)
