"""Price points: the dated lines of price lists."""

from __future__ import annotations

import datetime as dt

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.models.sources import Source
from tools.models.tools import Tool


class PricePointQuerySet(models.QuerySet["PricePoint"]):
    def effective(self, *, on: dt.date) -> PricePointQuerySet:
        return self.filter(effective_on__lte=on)

    def of_tools(self, tool_ids: list[int]) -> PricePointQuerySet:
        return self.filter(tool__in=tool_ids)

    def with_source(self) -> PricePointQuerySet:
        return self.select_related("source")

    def current_or_coming(self, *, on: dt.date) -> PricePointQuerySet:
        """The row that holds on the day for each label, unit and currency, and all later ones."""
        later = PricePoint.objects.effective(on=on).filter(
            tool=OuterRef("tool"),
            label=OuterRef("label"),
            unit=OuterRef("unit"),
            currency=OuterRef("currency"),
            effective_on__gt=OuterRef("effective_on"),
        )
        return self.exclude(Exists(later))

    def newest_first(self) -> PricePointQuerySet:
        return self.order_by("-effective_on", "-id")


class PricePoint(models.Model):
    """One dated line of a price list. A new price is a new row; rows are never changed."""

    class Basis(models.TextChoices):
        PUBLISHED = "published", "starts on the date"
        OBSERVED = "observed", "was seen on the date"

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="price_points")
    label = models.CharField(max_length=60, blank=True, help_text="Standard, Batch, Team ...")
    amount = models.DecimalField(
        max_digits=15,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Leave empty for 'on request', which is never 0.",
    )
    currency = models.CharField(
        max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$", "Three capitals, such as USD.")]
    )
    unit = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^per ", "Begin with 'per ': per month, per 1M input tokens.")],
    )
    effective_on = models.DateField()
    basis = models.CharField(max_length=10, choices=Basis, default=Basis.OBSERVED)
    source = models.ForeignKey(
        Source, on_delete=models.SET_NULL, null=True, blank=True, related_name="price_points"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PricePointQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["tool", "label", "unit", "-effective_on"]
        constraints = [
            models.UniqueConstraint(
                name="price_of_a_label_and_unit_is_set_once_a_day",
                fields=["tool", "label", "unit", "currency", "effective_on"],
            ),
            models.CheckConstraint(
                name="price_amount_is_never_negative",
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
            ),
            models.CheckConstraint(
                name="price_currency_is_three_capitals", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(
                name="price_unit_begins_with_per", condition=Q(unit__startswith="per ")
            ),
            models.CheckConstraint(
                name="price_basis_is_published_or_observed",
                condition=Q(basis__in=["published", "observed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.unit}".strip()
