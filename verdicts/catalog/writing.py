"""The catalogue as a file that a person can read and edit, and that imports into the same site."""

from __future__ import annotations

import datetime as dt
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from reviews.models import Review
from tools.models import Category, Comparison, PricePoint, Source, Tool
from verdicts.catalog.fields import ON_REQUEST
from verdicts.catalog.shape import SCHEMA_VERSION

WIDTH = 86

# Words that every YAML reader takes as the very same text when they stand bare.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./()+'’-]*( [A-Za-z0-9(][A-Za-z0-9_./()+'’-]*)*")
NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
# JSON's quotes are YAML's, but these would be read as line ends or refused.
ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Single spaces between words, so that folding gives back what was written.
FOLDABLE = re.compile(r"\S+( \S+)*")

Lines = Iterator[str]


def written(chosen: QuerySet[Tool] | None = None) -> Lines:
    """The lines of the whole catalogue: every row with its history, in a settled order.

    With `chosen` tools: what belongs to them alone, and the comparisons between two of them.
    """
    tools, reviews = Tool.objects.all(), Review.objects.all()
    categories, sources = Category.objects.all(), Source.objects.all()
    comparisons = Comparison.objects.all()
    if chosen is not None:
        tools, reviews = tools.filter(pk__in=chosen), reviews.filter(tool__in=chosen)
        categories = categories.filter(pk__in=chosen.values("category"))
        sources = sources.behind(chosen)
        comparisons = comparisons.filter(first__in=chosen, second__in=chosen)
    yield f"schema_version: {SCHEMA_VERSION}"
    yield from section("categories", map(category_lines, categories.order_by("slug")))
    tools = tools.select_related("category", "replaced_by")
    tools = tools.prefetch_related("sources", "former_slugs", "price_points__source")
    yield from section("tools", map(tool_lines, tools.order_by("category__slug", "slug")))
    reviews = reviews.select_related("tool", "reviewer").order_by(
        "tool__category__slug", "tool__slug", "reviewer__position", "written_on"
    )
    yield from section("reviews", map(review_lines, reviews))
    # Oldest first: the rows of an import then come in the order in which these were published.
    yield from section(
        "comparisons", map(comparison_lines, comparisons.with_tools().oldest_first())
    )
    yield from section("sources", map(source_lines, sources.order_by("slug")))


def section(key: str, entries: Iterable[Lines]) -> Lines:
    """A list of mappings under the key, or nothing when there are none."""
    for position, entry in enumerate(entries):
        yield f"\n{key}:" if position == 0 else ""
        yield from listed(entry, indent=2)


def listed(lines: Lines, *, indent: int) -> Lines:
    """The lines of one mapping as an item of a list."""
    for position, line in enumerate(lines):
        start = "- " if position == 0 else "  "
        yield f"{' ' * indent}{start}{line}" if line else ""


def category_lines(category: Category) -> Lines:
    yield from text("slug", category.slug)
    yield from text("name", category.name)
    yield from prose("description", category.description)


def tool_lines(tool: Tool) -> Lines:
    yield from text("slug", tool.slug)
    yield from text("name", tool.name)
    yield from text("category", tool.category.slug)
    yield from text("maker", tool.maker)
    yield from text("tagline", tool.tagline)
    yield from prose("description", tool.description)
    yield from text("website", tool.website)
    yield from day("launched", tool.launched_on)
    yield from text("launched_basis", tool.launched_basis)
    yield from text("openness", tool.openness)
    yield from text("licence", tool.licence)
    yield from prose("notes", tool.notes)
    yield from slugs("sources", (source.slug for source in tool.sources.all()))
    if not tool.is_published:
        yield "draft: true"
    if tool.replaced_by:
        yield from text("replaced_by", tool.replaced_by.slug)
    yield from slugs("former_slugs", (former.slug for former in tool.former_slugs.all()))
    yield "pricing:"
    yield f"  entry: {quoted(tool.entry_price)}"
    yield f"  kind: {tool.entry_kind}"
    # In the order in which they were recorded, which is the order of the price list.
    points = sorted(tool.price_points.all(), key=lambda point: point.pk)
    yield "  points:" if points else "  points: []"
    for point in points:
        yield from listed(point_lines(point), indent=4)


def point_lines(point: PricePoint) -> Lines:
    if point.label:
        yield from text("label", point.label)
    yield f"amount: {quoted(amount(point.amount))}"
    yield f"currency: {point.currency}"
    yield from text("unit", point.unit)
    yield from day("effective", point.effective_on)
    if point.basis != PricePoint.Basis.OBSERVED:
        yield f"basis: {point.basis}"
    if point.source:
        yield from text("source", point.source.slug)
    yield from text("note", point.note)


def review_lines(review: Review) -> Lines:
    yield from text("tool", review.tool.slug)
    yield from text("persona", review.reviewer.slug)
    yield f"verdict: {review.verdict}"
    yield from day("written", review.written_on)
    yield from text("summary", review.summary)
    yield from prose("text", review.text)


def comparison_lines(comparison: Comparison) -> Lines:
    first, second = comparison.pair
    yield from text("left", first.slug)
    yield from text("right", second.slug)
    yield from prose("headline", comparison.headline)
    if comparison.publish_at is None:
        yield "draft: true"
    else:
        yield f"published: {quoted(moment(comparison.publish_at))}"


def source_lines(source: Source) -> Lines:
    yield from text("id", source.slug)
    yield from text("title", source.title)
    yield f"kind: {source.kind}"
    yield from text("url", source.url)
    yield from day("dated", source.dated_on)
    yield from day("read_on", source.read_on)
    yield from text("note", source.note)


def text(key: str, words: str) -> Lines:
    """One line, bare where that is safe; nothing when there are no words."""
    if words:
        yield f"{key}: {bare_or_quoted(words)}"


def bare_or_quoted(words: str) -> str:
    is_plain = PLAIN.fullmatch(words) and words.lower() not in NOT_TEXT
    return words if is_plain else quoted(words)


def prose(key: str, words: str) -> Lines:
    """A folded block; a text with line ends of its own stands in quotes."""
    if not words:
        return
    if not FOLDABLE.fullmatch(words) or ESCAPED.search(words):
        yield f"{key}: {quoted(words)}"
        return
    yield f"{key}: >-"
    yield from textwrap.wrap(
        words,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def quoted(words: str) -> str:
    escaped = json.dumps(words, ensure_ascii=False)
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


def day(key: str, date: dt.date | None) -> Lines:
    if date:
        yield f'{key}: "{date.isoformat()}"'


def slugs(key: str, values: Iterable[str]) -> Lines:
    found = sorted(values)
    if found:
        yield f"{key}:"
        yield from (f"  - {bare_or_quoted(slug)}" for slug in found)


def amount(value: Decimal | None) -> str:
    """'20', '0.10', '0.0075', or 'on request'."""
    if value is None:
        return ON_REQUEST
    whole, _, part = f"{value:f}".partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part:0<2}" if part else whole


def moment(value: dt.datetime) -> str:
    """A date where it is midnight on the site's clock, else the minute with its offset."""
    local = timezone.localtime(value)
    if local.time() < dt.time(0, 1):
        return local.date().isoformat()
    return local.isoformat(timespec="minutes")
