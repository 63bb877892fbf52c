"""What jobs compute of the votes ahead of the pages: trends, and the public line of a month."""

from __future__ import annotations

import datetime as dt

from django.db import models

from tools.models import Tool


class Trend(models.Model):
    """How strongly recent votes speak for a tool; refreshed by a recurring job."""

    tool = models.OneToOneField(
        Tool, on_delete=models.CASCADE, primary_key=True, related_name="trend"
    )
    score = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["-score", "tool"], name="trend_strongest_first")]

    def __str__(self) -> str:
        return f"{self.tool}: {self.score:.2f}"


class MonthOfVotesQuerySet(models.QuerySet["MonthOfVotes"]):
    def before(self, day: dt.date) -> MonthOfVotesQuerySet:
        return self.filter(month__lt=day)


class MonthOfVotes(models.Model):
    """The public line of one month: votes cast in it, and what became of them."""

    month = models.DateField(primary_key=True, help_text="Its first day.")
    cast = models.PositiveIntegerField()
    counted = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()

    objects = MonthOfVotesQuerySet.as_manager()

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.cast} cast"
