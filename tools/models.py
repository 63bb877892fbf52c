"""The catalogue: categories, tools, dated prices with their sources, and pairs of tools."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Greatest, Least, Lower
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.addresses import address
from tools.editorial import Editorial

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
# How a comparison's address separates two tools; no tool may hold it.
VERSUS = "-vs-"
NOT_A_TOOL_SLUG = r"-vs-|^vs-|-vs$"

is_slug = RegexValidator(SLUG, "Use a-z, 0-9 and single hyphens.", "slug")
is_free_of_versus = RegexValidator(
    NOT_A_TOOL_SLUG,
    "A tool's slug never contains -vs-, begins with vs- or ends with -vs: "
    "that is how a comparison's address separates two tools.",
    "versus",
    inverse_match=True,
)


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


class CategoryQuerySet(models.QuerySet["Category"]):
    def with_tool_counts(self) -> CategoryQuerySet:
        """Each with `tool_count`: the published ones."""
        counted = self.annotate(tool_count=Count("tools", filter=Q(tools__is_published=True)))
        return counted.order_by("name", "slug")


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


class ToolQuerySet(models.QuerySet["Tool"]):
    def published(self) -> ToolQuerySet:
        return self.filter(is_published=True)

    def in_category(self, category: Category) -> ToolQuerySet:
        return self.filter(category=category)

    def drafts(self) -> ToolQuerySet:
        return self.filter(is_published=False)

    def waiting(self) -> ToolQuerySet:
        """Drafts for which somebody asked for a second pair of eyes."""
        return self.drafts().filter(submitted_at__isnull=False)

    def of_openness(self, openness: str) -> ToolQuerySet:
        return self.filter(openness=openness)

    def of_price_kind(self, kind: str) -> ToolQuerySet:
        return self.filter(entry_kind=kind)

    def with_category(self) -> ToolQuerySet:
        return self.select_related("category")

    def by_name(self) -> ToolQuerySet:
        return self.order_by(Lower("name"), "slug")

    def beside(self, tool: Tool) -> ToolQuerySet:
        """Every other one, those of the same category first."""
        return self.exclude(pk=tool.pk).order_by(
            Case(When(category=tool.category_id, then=0), default=1), Lower("name"), "slug"
        )

    def by_words(self, words: str) -> Tool | None:
        """The tool that a reader means: its slug, an old slug or its name."""
        found = self.by_any_slug([words.lower()]).get(words.lower())
        return found or self.filter(name__iexact=words).by_name().first()

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
        indexes = [models.Index(fields=["category", "-id"], name="tool_newest_of_its_category")]
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


# How many tools of a category a comparison's neighbours are looked for among.
PEERS = 48


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def published(self, *, now: dt.datetime) -> ComparisonQuerySet:
        """Visible to readers at `now`: both tools published and the hour come."""
        return self.filter(publish_at__lte=now, first__is_published=True, second__is_published=True)

    def scheduled(self, *, now: dt.datetime) -> ComparisonQuerySet:
        return self.filter(publish_at__gt=now)

    def drafts(self) -> ComparisonQuerySet:
        return self.filter(publish_at__isnull=True)

    def waiting(self) -> ComparisonQuerySet:
        """Drafts for which somebody asked for a second pair of eyes."""
        return self.drafts().filter(submitted_at__isnull=False)

    def newest_first(self) -> ComparisonQuerySet:
        return self.order_by("-publish_at", "-id")

    def oldest_first(self) -> ComparisonQuerySet:
        """By the hour of publication, drafts last."""
        return self.order_by(F("publish_at").asc(nulls_last=True), "id")

    def with_tools(self) -> ComparisonQuerySet:
        return self.select_related("first__category", "second__category")

    def in_category(self, category: Category) -> ComparisonQuerySet:
        return self.filter(Q(first__category=category) | Q(second__category=category))

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

    def around(self, pair: list[int], *, now: dt.datetime, most: int) -> ComparisonQuerySet:
        """The pair itself, then `most` others that share a tool, or else a category, with it.

        Of each category the newest tools are looked at, so that the cost stays flat.
        """
        is_the_pair = Q(first__in=pair, second__in=pair)
        shares_a_tool = Q(first__in=pair) | Q(second__in=pair)
        sides = [shares_a_tool]
        for tool_id in pair:
            category = Tool.objects.filter(pk=tool_id).values("category")
            peers = Tool.objects.filter(category=Subquery(category)).order_by("-pk")[:PEERS]
            sides += [Q(first__in=peers.values("pk")), Q(second__in=peers.values("pk"))]
        # Each side has an index of its own, and is cut to twice what can be shown, since a tool
        # may be a draft again.
        others = Comparison.objects.filter(publish_at__lte=now).exclude(is_the_pair).newest_first()
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
            return self.tool in (one, other)
        return {self.comparison.first_id, self.comparison.second_id} == {one.pk, other.pk}
