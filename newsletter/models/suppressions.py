"""Addresses that must not be mailed, of which nothing is kept but a keyed hash."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def complained(self, key: bytes) -> bool:
        """Somebody at the address reported our mail as spam: it gets none, ever."""
        return self.filter(pk=key, reason=Suppression.Reason.COMPLAINED).exists()


class Suppression(models.Model):
    """An address that must not be mailed, kept as its keyed hash alone."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        ERASED = "erased", "erased on request"
        UNDELIVERABLE = "undeliverable", "does not take our mail"
        COMPLAINED = "complained", "reported as spam"

    email_key = models.BinaryField(primary_key=True, max_length=32)
    reason = models.CharField(max_length=14, choices=Reason)
    at = models.DateTimeField()

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="suppression_has_a_known_reason",
                condition=Q(
                    reason__in=["unsubscribed", "erased", "undeliverable", "complained"],
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{bytes(self.email_key).hex()[:12]}: {self.reason}"
