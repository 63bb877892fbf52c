"""Two pairs of eyes: who wrote last, who asked for a second look, and what was asked to change."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Editorial(models.Model):
    """What is published by one person and written by another."""

    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="last edited by",
    )
    # Editable, so that their changes stand in the history; no form shows them.
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="second pair of eyes asked for by",
    )
    submitted_at = models.DateTimeField("second pair of eyes asked for at", null=True, blank=True)
    wanted_change = models.CharField(
        "asked to change",
        max_length=500,
        blank=True,
        help_text="What the second pair of eyes asked to change.",
    )

    class Meta:
        abstract = True

    @property
    def is_draft(self) -> bool:
        """Neither published nor scheduled."""
        raise NotImplementedError

    @property
    def is_waiting(self) -> bool:
        """Somebody asked for a second pair of eyes, and nobody has answered."""
        return self.submitted_at is not None

    def may_be_published_by(self, user: User) -> bool:
        """Neither the last to edit nor the one who asked: the second pair of eyes."""
        return user.pk not in {self.edited_by_id, self.submitted_by_id}

    def submit(self, *, by: User, now: dt.datetime) -> None:
        """Ask for a second pair of eyes."""
        self.submitted_by, self.submitted_at, self.wanted_change = by, now, ""
        self.save(update_fields=["submitted_by", "submitted_at", "wanted_change"])

    def accept(self) -> None:
        """Answer the one who asked: it is right as it stands."""
        self.hand_back(wanted_change="")

    def hand_back(self, *, wanted_change: str) -> None:
        """Answer the one who asked: this must change first."""
        self.submitted_by, self.submitted_at, self.wanted_change = None, None, wanted_change
        self.save(update_fields=["submitted_by", "submitted_at", "wanted_change"])

    def note_writer(self, *, by: User, now: dt.datetime) -> None:
        """Say who wrote last; not saved here. Where two must agree, what readers see already
        asks somebody else to look at it."""
        self.edited_by = by
        if settings.EDITORIAL_TWO_PERSON and not self.is_draft:
            self.submitted_by, self.submitted_at, self.wanted_change = by, now, ""
