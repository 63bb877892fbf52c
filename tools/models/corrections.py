"""Corrections: what a page said that was wrong, and what is right."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.models.comparisons import Comparison
from tools.models.tools import Tool


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def published(self, *, now: dt.datetime) -> CorrectionQuerySet:
        """Visible to readers at `now`: the hour come, and nothing named that is a draft."""
        return self.filter(
            Q(tool=None) | Q(tool__is_published=True),
            Q(comparison=None)
            | Q(
                comparison__publish_at__lte=now,
                comparison__first__is_published=True,
                comparison__second__is_published=True,
            ),
            published_at__lte=now,
        )

    def drafts(self) -> CorrectionQuerySet:
        return self.filter(published_at__isnull=True)

    def concerning(self, tool_ids: list[int]) -> CorrectionQuerySet:
        """Corrections of any of the tools, or of a comparison that holds one."""
        return self.filter(
            Q(tool__in=tool_ids)
            | Q(comparison__first__in=tool_ids)
            | Q(comparison__second__in=tool_ids)
        )

    def with_pages(self) -> CorrectionQuerySet:
        return self.select_related("tool", "comparison__first", "comparison__second")

    def with_pairs(self) -> CorrectionQuerySet:
        return self.select_related("comparison")

    def newest_first(self) -> CorrectionQuerySet:
        return self.order_by("-published_at", "-id")


class Correction(models.Model):
    """What a page said that was wrong, since when, and what is right. It stays on the page."""

    tool = models.ForeignKey(
        Tool, on_delete=models.CASCADE, null=True, blank=True, related_name="corrections"
    )
    comparison = models.ForeignKey(
        Comparison, on_delete=models.CASCADE, null=True, blank=True, related_name="corrections"
    )
    wrong = models.TextField("what was wrong", max_length=500, help_text="As the page said it.")
    since_on = models.DateField(
        "wrong since", help_text="The day on which the page began to say it."
    )
    right = models.TextField("what is right", max_length=500)
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: draft. Readers see the correction from then on."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CorrectionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-published_at", "-id"]
        permissions = [("publish_correction", "Can publish corrections")]
        constraints = [
            models.CheckConstraint(
                name="correction_concerns_a_tool_or_a_comparison",
                condition=Q(tool__isnull=False) | Q(comparison__isnull=False),
                violation_error_message="Say which page it corrects: a tool or a comparison.",
            ),
        ]

    def __str__(self) -> str:
        return f"Correction of {self.page}"

    @property
    def page(self) -> Comparison | Tool:
        """What is corrected; its own page says so too."""
        page = self.comparison or self.tool
        assert page, "the database keeps one of the two"
        return page

    def concerns(self, one: Tool, other: Tool) -> bool:
        """It is about one of the two tools, or about this very pair."""
        if self.comparison is None:
            return self.tool_id in (one.pk, other.pk)
        return {self.comparison.first_id, self.comparison.second_id} == {one.pk, other.pk}
