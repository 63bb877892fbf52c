"""Tools, and the slugs that they had before."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.addresses import address
from tools.editorial import Editorial
from tools.models.categories import Category
from tools.models.slugs import NOT_A_TOOL_SLUG, SLUG, is_free_of_versus, is_slug
from tools.models.sources import Source


class Openness(models.TextChoices):
    OPEN_SOURCE = "open-source", "open source"
    OPEN_WEIGHTS = "open-weights", "open weights"
    SOURCE_AVAILABLE = "source-available", "source available"
    PROPRIETARY = "proprietary", "proprietary"


class PriceKind(models.TextChoices):
    """What the entry price is."""

    FREE = "free", "free"
    FREE_TIER = "free-tier", "free tier"
    OPEN_SOURCE = "open-source", "open source"
    OPEN_WEIGHTS = "open-weights", "open weights"
    USAGE = "usage", "pay per use"
    SUBSCRIPTION = "subscription", "subscription"
    SEAT = "seat", "per seat"
    ON_REQUEST = "on-request", "on request"


class ToolQuerySet(models.QuerySet["Tool"]):
    def published(self) -> ToolQuerySet:
        return self.filter(is_published=True)

    def in_category(self, category: Category) -> ToolQuerySet:
        return self.filter(category=category)

    def drafts(self) -> ToolQuerySet:
        return self.filter(is_published=False)

    def waiting(self) -> ToolQuerySet:
        """Those for which a second pair of eyes is asked: drafts, and changes readers see."""
        return self.filter(submitted_at__isnull=False)

    def of_openness(self, openness: str) -> ToolQuerySet:
        return self.filter(openness=openness)

    def of_price_kind(self, kind: str) -> ToolQuerySet:
        return self.filter(entry_kind=kind)

    def with_category(self) -> ToolQuerySet:
        return self.select_related("category")

    def by_name(self) -> ToolQuerySet:
        return self.order_by(Lower("name"), "slug")

    def beside(self, tool: Tool, *, most: int) -> list[Tool]:
        """Others by name, those of the same category first."""
        others = self.by_name().exclude(pk=tool.pk)
        alike = list(others.filter(category=tool.category_id)[:most])
        return alike + list(others.exclude(category=tool.category_id)[: most - len(alike)])

    def by_words(self, words: str) -> Tool | None:
        """The tool that a reader means: its slug, an old slug or its name."""
        found = self.by_any_slug([words.lower()]).get(words.lower())
        named = self.alias(lower=Lower("name")).filter(lower=words.lower())
        return found or named.by_name().first()

    def named_like(self, words: str) -> ToolQuerySet:
        """Those whose name or slug holds the words."""
        return self.filter(Q(name__icontains=words) | Q(slug__icontains=words))

    def with_slugs(self, slugs: list[str]) -> ToolQuerySet:
        return self.filter(slug__in=slugs)

    def by_any_slug(self, slugs: Iterable[str]) -> dict[str, Tool]:
        """Tools found by current or former slug, keyed by the slug that was asked for."""
        wanted = set(slugs)
        found = {tool.slug: tool for tool in self.filter(slug__in=wanted)}
        if missing := wanted - found.keys():
            moved = FormerSlug.objects.filter(slug__in=missing, tool__in=self)
            for former in moved.select_related("tool__category"):
                found[former.slug] = former.tool
        return found


class Tool(Editorial):
    slug = models.CharField(max_length=80, unique=True, validators=[is_slug, is_free_of_versus])
    name = models.CharField(max_length=80)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="tools")
    maker = models.CharField(max_length=80)
    tagline = models.CharField(max_length=140)
    description = models.TextField(max_length=2000)
    website = models.URLField(max_length=400, blank=True)
    launched_on = models.DateField(null=True, blank=True)
    launched_basis = models.CharField(
        max_length=140, blank=True, help_text="What the launch date rests on."
    )
    openness = models.CharField(
        max_length=20, choices=Openness, blank=True, help_text="Leave empty while it is unknown."
    )
    licence = models.CharField(max_length=120, blank=True)
    notes = models.TextField(max_length=1000, blank=True, help_text="For editors; never shown.")
    sources = models.ManyToManyField(Source, blank=True, related_name="tools")
    entry_price = models.CharField(
        max_length=40, help_text="The cheapest way in, as a reader would say it: Free, $0.10/1M in."
    )
    entry_kind = models.CharField(max_length=20, choices=PriceKind)
    replaced_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        help_text="The tool that took this one's place.",
    )
    is_published = models.BooleanField(
        "published", default=False, help_text="Readers see published tools only."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ToolQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[sources])

    class Meta:
        ordering = ["name", "slug"]
        permissions = [("publish_tool", "Can publish tools and change published ones")]
        indexes = [
            models.Index(
                fields=["category", "-id"],
                include=["is_published"],
                name="tool_of_its_category",
            ),
            # All that a list of tools filters and sorts by, so that a page deep in it is found
            # without reading the tools before it.
            models.Index(
                Lower("name"),
                "slug",
                include=["id", "name", "category", "openness", "entry_kind", "launched_on"],
                condition=Q(is_published=True),
                name="published_tools_by_name",
            ),
            models.Index(fields=["id"], condition=Q(is_published=False), name="draft_tools"),
        ]
        constraints = [
            models.CheckConstraint(name="tool_slug_is_a_slug", condition=Q(slug__regex=SLUG)),
            models.CheckConstraint(
                name="tool_slug_never_contains_vs", condition=~Q(slug__regex=NOT_A_TOOL_SLUG)
            ),
            models.CheckConstraint(
                name="tool_is_not_replaced_by_itself", condition=~Q(replaced_by=F("id"))
            ),
            models.CheckConstraint(
                name="tool_website_is_a_web_address",
                condition=Q(website="") | Q(website__regex=r"^https?://\S+$"),
            ),
            models.CheckConstraint(
                name="tool_openness_is_known_or_empty",
                condition=Q(openness="") | Q(openness__in=Openness.values),
            ),
            models.CheckConstraint(
                name="tool_entry_kind_is_a_price_kind", condition=Q(entry_kind__in=PriceKind.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("tool_detail", self.slug)

    @property
    def is_draft(self) -> bool:
        return not self.is_published

    @transaction.atomic
    def rename_slug(self, slug: str) -> None:
        """Move the tool to another address; the old one keeps redirecting."""
        if slug == self.slug:
            return
        FormerSlug.objects.filter(slug=slug, tool=self).delete()
        FormerSlug.objects.create(slug=self.slug, tool=self)
        self.slug = slug
        self.save(update_fields=["slug"])


class FormerSlug(models.Model):
    """A slug that a tool had before; its addresses redirect for ever."""

    slug = models.CharField(max_length=80, unique=True, validators=[is_slug, is_free_of_versus])
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="former_slugs")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                name="former_slug_is_a_slug",
                condition=Q(slug__regex=SLUG) & ~Q(slug__regex=NOT_A_TOOL_SLUG),
            ),
        ]

    def __str__(self) -> str:
        return self.slug
