"""Sources: where a fact or a price was read, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from tools.models.slugs import SLUG, is_slug

if TYPE_CHECKING:
    from tools.models.tools import Tool


class SourceQuerySet(models.QuerySet["Source"]):
    def behind(self, tools: Iterable[Tool]) -> SourceQuerySet:
        """What the facts and the prices of the tools rest on."""
        return self.filter(Q(tools__in=tools) | Q(price_points__tool__in=tools)).distinct()


class Source(models.Model):
    """Where a fact was read, and when."""

    class Kind(models.TextChoices):
        PYPI = "pypi", "package metadata"
        PRICE_TABLE = "price-table", "price table"
        PRICE_CAPTURE = "price-capture", "capture of a price page"
        DOCS = "docs", "documentation"
        README = "readme", "readme"
        CHANGELOG = "changelog", "changelog"
        LICENCE = "licence", "licence"
        MODEL_CARD = "model-card", "model card"
        BLOG = "blog", "blog"
        ARTICLE = "article", "article"
        ISSUE = "issue", "issue"

    slug = models.CharField(max_length=80, unique=True, validators=[is_slug])
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    url = models.URLField(max_length=400)
    dated_on = models.DateField(null=True, blank=True, help_text="The date of the source itself.")
    read_on = models.DateField(help_text="The day on which you read it.")
    note = models.CharField(max_length=300, blank=True)

    objects = SourceQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["title", "slug"]
        constraints = [
            models.CheckConstraint(name="source_slug_is_a_slug", condition=Q(slug__regex=SLUG)),
            models.CheckConstraint(
                name="source_url_is_a_web_address", condition=Q(url__regex=r"^https?://\S+$")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def kind_words(self) -> str:
        return self.Kind(self.kind).label
