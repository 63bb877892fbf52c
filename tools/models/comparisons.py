"""Comparisons: pairs of tools, and when each one is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Greatest, Least
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.addresses import address
from tools.editorial import Editorial
from tools.models.categories import Category
from tools.models.slugs import VERSUS
from tools.models.tools import Tool

# How many tools of a category a comparison's neighbours are looked for among.
PEERS = 48


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def published(self, *, now: dt.datetime) -> ComparisonQuerySet:
        """Visible to readers at `now`: both tools published and the hour come."""
        # Drafts are few: looking for one is quicker than reading both tools of every pair.
        drafts = Tool.objects.drafts()
        return self.filter(
            ~Exists(drafts.filter(pk=OuterRef("first"))),
            ~Exists(drafts.filter(pk=OuterRef("second"))),
            publish_at__lte=now,
        )

    def scheduled(self, *, now: dt.datetime) -> ComparisonQuerySet:
        return self.filter(publish_at__gt=now)

    def due_today(self, *, now: dt.datetime) -> ComparisonQuerySet:
        """Scheduled for what is left of the local day."""
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.scheduled(now=now).filter(publish_at__lt=midnight + dt.timedelta(days=1))

    def drafts(self) -> ComparisonQuerySet:
        return self.filter(publish_at__isnull=True)

    def waiting(self) -> ComparisonQuerySet:
        """Those for which a second pair of eyes is asked: drafts, and changes readers see."""
        return self.filter(submitted_at__isnull=False)

    def newest_first(self) -> ComparisonQuerySet:
        return self.order_by("-publish_at", "-id")

    def oldest_first(self) -> ComparisonQuerySet:
        """By the hour of publication, drafts last."""
        return self.order_by(F("publish_at").asc(nulls_last=True), "id")

    def with_tools(self) -> ComparisonQuerySet:
        return self.select_related("first__category", "second__category")

    def with_names(self) -> ComparisonQuerySet:
        """With as much of its tools as a link to it says, and no more."""
        tools = (f"{side}__{field}" for side in ("first", "second") for field in ("slug", "name"))
        return self.select_related("first", "second").only("headline", "publish_at", *tools)

    def in_category(self, category: Category) -> ComparisonQuerySet:
        tools = Tool.objects.in_category(category).values("pk")
        return self.filter(Q(first__in=tools) | Q(second__in=tools))

    def of_tool(self, tool: Tool) -> ComparisonQuerySet:
        return self.filter(Q(first=tool) | Q(second=tool))

    def found_by(self, *, tool_ids: Iterable[int], ids: Iterable[int]) -> ComparisonQuerySet:
        """Comparisons of any of the tools, or among the ids."""
        tools = list(tool_ids)
        return self.filter(Q(first__in=tools) | Q(second__in=tools) | Q(id__in=list(ids)))

    def between(self, tool_ids: Iterable[int]) -> ComparisonQuerySet:
        """Comparisons both of whose tools are among these."""
        ids = list(tool_ids)
        return self.filter(first__in=ids, second__in=ids)

    def of_pair(self, one: Tool, other: Tool) -> ComparisonQuerySet:
        return self.filter(Q(first=one, second=other) | Q(first=other, second=one))

    def around(
        self, pair: list[int], *, categories: list[int], now: dt.datetime, most: int
    ) -> ComparisonQuerySet:
        """The pair itself, then `most` others that share a tool, or else a category, with it.

        Of each category the newest tools are looked at, so that the cost stays flat.
        """
        is_the_pair = Q(first__in=pair, second__in=pair)
        shares_a_tool = Q(first__in=pair) | Q(second__in=pair)
        sides = [shares_a_tool]
        for category in categories:
            peers = Tool.objects.filter(category=category).order_by("-pk").values("pk")[:PEERS]
            sides += [Q(first__in=peers), Q(second__in=peers)]
        # Each side has an index of its own, and is cut to twice what can be shown, since a tool
        # may be a draft again.
        others = Comparison.objects.filter(publish_at__lte=now).newest_first()
        found = (
            Comparison.objects.filter(is_the_pair)
            .values("pk")
            .union(*(others.filter(side).values("pk")[: 2 * most] for side in sides), all=True)
        )
        return self.filter(pk__in=found).order_by(
            Case(When(is_the_pair, then=0), When(shares_a_tool, then=1), default=2),
            "-publish_at",
            "-id",
        )[: most + 1]


class Comparison(Editorial):
    """Two tools set side by side, with the editors' headline and the hour of publication.

    The pair is kept by tool; which one stands first on the page follows from the slugs
    at the time of reading (`pair`), so a changed slug moves the address and nothing else.
    """

    first = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    headline = models.CharField(
        max_length=400, blank=True, help_text="One or two sentences: the editors' ruling."
    )
    publish_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Empty: draft. In the future: scheduled. It appears at that minute by itself.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ComparisonQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-publish_at", "-id"]
        permissions = [
            ("publish_comparison", "Can publish and schedule comparisons and change published ones")
        ]
        constraints = [
            models.UniqueConstraint(
                Least("first", "second"),
                Greatest("first", "second"),
                name="pair_exists_once_in_any_order",
            ),
            models.CheckConstraint(
                name="comparison_is_of_two_tools", condition=~Q(first=F("second"))
            ),
        ]
        indexes = [models.Index(fields=["-publish_at", "-id"], name="comparison_newest_first")]

    def __str__(self) -> str:
        one, other = self.pair
        return f"{one.name} vs {other.name}"

    def get_absolute_url(self) -> str:
        return address("comparison_detail", self.slug)

    @property
    def pair(self) -> tuple[Tool, Tool]:
        """Both tools in canonical order: the lower slug first."""
        return in_order(self.first, self.second)

    @property
    def slug(self) -> str:
        return pair_slug(self.first, self.second)

    @property
    def is_draft(self) -> bool:
        return self.publish_at is None

    def is_published(self, *, now: dt.datetime) -> bool:
        return (
            self.publish_at is not None
            and self.publish_at <= now
            and self.first.is_published
            and self.second.is_published
        )


def in_order(one: Tool, other: Tool) -> tuple[Tool, Tool]:
    """The two tools by slug, in byte order, as in a comparison's address."""
    return (one, other) if one.slug < other.slug else (other, one)


def pair_slug(one: Tool, other: Tool) -> str:
    first, second = in_order(one, other)
    return f"{first.slug}{VERSUS}{second.slug}"
