"""The panel: four editorial personas and their dated judgements of single tools."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.addresses import address
from tools.models import SLUG, Tool, is_slug


class Reviewer(models.Model):
    """An editorial persona: a lens, not a person, and labelled so wherever it speaks."""

    slug = models.CharField(max_length=20, unique=True, validators=[is_slug])
    name = models.CharField(max_length=40, help_text="With its article: The Builder.")
    lens = models.CharField(max_length=200, help_text="What this persona looks at, in a sentence.")
    question = models.CharField(max_length=300, help_text="What it asks of every tool.")
    position = models.PositiveSmallIntegerField(
        unique=True, help_text="Its place in every list of the panel."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(name="reviewer_slug_is_a_slug", condition=Q(slug__regex=SLUG)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("reviewer_detail", self.slug)


class ReviewQuerySet(models.QuerySet["Review"]):
    def written_by(self, *, on: dt.date) -> ReviewQuerySet:
        """Reviews whose day has come."""
        return self.filter(written_on__lte=on)

    def current(self, *, on: dt.date) -> ReviewQuerySet:
        """The one review of each persona and tool that counts on the day: the latest written."""
        return self.written_by(on=on).current_or_coming(on=on)

    def current_or_coming(self, *, on: dt.date) -> ReviewQuerySet:
        """The review of each persona and tool that counts on the day, and all later ones."""
        later = Review.objects.written_by(on=on).filter(
            tool=OuterRef("tool"),
            reviewer=OuterRef("reviewer"),
            written_on__gt=OuterRef("written_on"),
        )
        return self.exclude(Exists(later))

    def in_panel_order(self) -> ReviewQuerySet:
        """By persona, oldest first, with the persona read along."""
        return self.select_related("reviewer").order_by("reviewer__position", "written_on", "id")

    def echoing(self, *, reviewer: int, without: int, most: int = 2000) -> ReviewQuerySet:
        """The reviewer's latest texts on other tools than the one of that review."""
        other = self.exclude(tool__in=self.filter(pk=without).values("tool"))
        mine = other.filter(reviewer=reviewer).select_related("reviewer", "tool")
        return mine.order_by("-written_on", "-id")[:most]

    def of_tools(self, tool_ids: list[int]) -> ReviewQuerySet:
        return self.filter(tool__in=tool_ids)

    def of_published_tools(self) -> ReviewQuerySet:
        return self.exclude(Exists(Tool.objects.drafts().filter(pk=OuterRef("tool"))))

    def by(self, reviewer: Reviewer) -> ReviewQuerySet:
        return self.filter(reviewer=reviewer)

    def newest_first(self) -> ReviewQuerySet:
        return self.order_by("-written_on", "-id")

    def with_tools(self) -> ReviewQuerySet:
        return self.select_related("tool__category")


class Review(models.Model):
    """A persona's judgement of one tool. A changed mind is a new row that supersedes the old."""

    class Choice(models.TextChoices):
        SHIP = "ship", "Ship"
        SKIP = "skip", "Skip"

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="reviews")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="reviews")
    verdict = models.CharField(max_length=4, choices=Choice)
    summary = models.CharField(max_length=90, blank=True, help_text="One line.")
    text = models.TextField(max_length=2000, help_text="50 to 110 words, from recorded facts.")
    written_on = models.DateField()
    note = models.CharField(
        max_length=300,
        blank=True,
        help_text="Why the verdict changed; readers see it in the page's history.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ReviewQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["tool", "reviewer", "-written_on"]
        indexes = [
            models.Index(
                fields=["reviewer", "-written_on", "-id"],
                include=["tool"],
                name="review_newest_of_its_reviewer",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="reviewer_judges_a_tool_once_a_day",
                fields=["reviewer", "tool", "written_on"],
                include=["verdict"],
            ),
            models.CheckConstraint(
                name="review_verdict_is_ship_or_skip", condition=Q(verdict__in=["ship", "skip"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.tool}: {self.verdict}"

    @property
    def is_ship(self) -> bool:
        return self.verdict == self.Choice.SHIP
