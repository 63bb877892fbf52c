"""Categories: each tool stands in one."""

from __future__ import annotations

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from simple_history.models import HistoricalRecords

from tools.addresses import address
from tools.models.slugs import SLUG, is_slug


class CategoryQuerySet(models.QuerySet["Category"]):
    def with_tool_counts(self) -> CategoryQuerySet:
        """Each with `tool_count`: the published ones."""
        tools = Category.objects.filter(pk=OuterRef("pk"), tools__is_published=True)
        count = tools.order_by().values("pk").annotate(count=Count("tools")).values("count")
        counted = self.annotate(tool_count=Coalesce(Subquery(count), 0))
        return counted.order_by("name", "slug")

    def with_tools(self) -> CategoryQuerySet:
        """Those in which a tool is published."""
        tools = Category.objects.filter(pk=OuterRef("pk"), tools__is_published=True)
        return self.filter(Exists(tools))


class Category(models.Model):
    slug = models.CharField(max_length=80, unique=True, validators=[is_slug])
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=400, blank=True)

    objects = CategoryQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name", "slug"]
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(name="category_slug_is_a_slug", condition=Q(slug__regex=SLUG)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("category_detail", self.slug)
