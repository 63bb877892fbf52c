"""The days' secrets that key what is kept of networks and browsers."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import models


class SaltQuerySet(models.QuerySet["Salt"]):
    def of(self, day: dt.date) -> bytes:
        """The day's secret, made at the day's first call, whoever makes it."""
        salt = self.filter(day=day).first()
        if salt is None:
            self.bulk_create([Salt(day=day, secret=secrets.token_bytes(32))], ignore_conflicts=True)
            salt = self.get(day=day)
        return bytes(salt.secret)

    def made_before(self, day: dt.date) -> SaltQuerySet:
        return self.filter(day__lt=day)


class Salt(models.Model):
    """The day's key of network and agent hashes; once it is erased, they say nothing more."""

    day = models.DateField(primary_key=True)
    secret = models.BinaryField()

    objects = SaltQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.day)
