"""Readers who want the email at another address, which has to confirm that."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from newsletter.models.sign_ups import PENDING_FOR


class MoveQuerySet(models.QuerySet["Move"]):
    def open(self) -> MoveQuerySet:
        return self.filter(confirmed_at__isnull=True)

    def over(self, *, now: dt.datetime) -> MoveQuerySet:
        """Confirmed or not, their links have ended."""
        return self.filter(asked_at__lt=now - PENDING_FOR)


class Move(models.Model):
    """A reader's wish to move, and the address to which. Once confirmed, the reader has it."""

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", on_delete=models.CASCADE, related_name="moves"
    )
    email = models.EmailField(max_length=254, blank=True, help_text="Empty once confirmed.")
    email_key = models.BinaryField(max_length=32)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects = MoveQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="reader_moves_to_an_address_once", fields=["subscriber", "email_key"]
            ),
            models.CheckConstraint(
                name="move_holds_its_address_until_confirmed",
                condition=Q(confirmed_at__isnull=True) ^ Q(email=""),
            ),
        ]
        indexes = [models.Index(fields=["email_key"], name="move_to_an_address")]

    def __str__(self) -> str:
        return f"{self.subscriber} to another address"
