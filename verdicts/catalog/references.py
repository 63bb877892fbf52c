"""What a catalogue says of itself and of the database: unique slugs, references, pairs, days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tools.models import Tool
from verdicts.catalog.dated import Dated, dated_points, dated_reviews
from verdicts.catalog.fates import Fate
from verdicts.catalog.kept import Kept
from verdicts.catalog.problems import did_you_mean, quoted
from verdicts.catalog.shape import Contents, Item

AnyItem = Item[Any]

# A near word is looked for among all slugs; a file in which nothing fits would take minutes.
MOST_HINTS = 100


def check(contents: Contents, kept: Kept, *, today: dt.date) -> None:
    """Tell each document what cannot be so. Looks at raw words, so that a fault of another
    kind in the same entry hides nothing."""
    once_each(contents.categories, "slug")
    once_each(contents.tools, "slug")
    once_each(contents.sources, "id")
    check_former_slugs(contents, kept)
    check_names(contents, kept)
    check_replacements(contents.tools, kept)
    check_pairs(contents.comparisons)
    check_days(contents, today=today)
    check_clashes(contents, kept, today=today)


def once_each(items: Iterable[AnyItem], key: str) -> None:
    by_slug: defaultdict[str, list[AnyItem]] = defaultdict(list)
    for item in items:
        if item.slug:
            by_slug[item.slug].append(item)
    for slug, users in by_slug.items():
        for later in users[1:]:
            who = both(users[0], later)
            later.complain(f"the {key} {quoted(slug)} is used by {who}", key)


def both(one: AnyItem, other: AnyItem) -> str:
    """'tools 1 and 2', or with the file where they are in two."""
    if one.document is other.document:
        return f"{one.section} {one.position + 1} and {other.position + 1}"
    return f"{one.place} of {one.document.name} and {other.place} of {other.document.name}"


def check_former_slugs(contents: Contents, kept: Kept) -> None:
    current = {item.slug: item for item in contents.tools if item.slug}
    taken: dict[str, AnyItem] = {}
    for item in contents.tools:
        renamed = kept.renames.get(item.slug, "")
        for position, slug in enumerate(item.words("former_slugs")):
            path = ("former_slugs", position)
            owner = kept.former.get(slug)
            if slug == item.slug:
                item.complain(f"{quoted(slug)} is both its slug and a former one", *path)
            elif slug in current:
                item.complain(
                    f"the former slug {quoted(slug)} is the slug of {current[slug].place}", *path
                )
            elif slug in taken:
                item.complain(
                    f"the former slug {quoted(slug)} is that of {taken[slug].place} too", *path
                )
            elif slug in kept.tools and slug != renamed:
                item.complain(
                    f"the former slug {quoted(slug)} is the address of another tool", *path
                )
            elif owner is not None and owner.slug not in {item.slug, renamed}:
                item.complain(
                    f"the former slug {quoted(slug)} is that of {quoted(owner.slug)}", *path
                )
            taken[slug] = item
        owner = kept.former.get(item.slug)
        if owner is not None and item.slug not in kept.tools and owner.slug != renamed:
            item.complain(
                f"the slug {quoted(item.slug)} is a former one of {quoted(owner.slug)}; "
                "give the tool its present slug",
                "slug",
            )


def check_names(contents: Contents, kept: Kept) -> None:
    """Every reference leads somewhere."""
    known = Names(contents, kept)
    for tool in contents.tools:
        known.category(tool, tool.word("category"), "category")
        for position, slug in enumerate(tool.words("sources")):
            known.source(tool, slug, "sources", position)
        if slug := tool.word("replaced_by"):
            known.tool(tool, slug, "replaced_by")
        pricing = tool.raw.get("pricing")
        points = pricing.get("points") if isinstance(pricing, dict) else None
        for position, point in enumerate(points if isinstance(points, list) else []):
            if isinstance(point, dict) and isinstance(point.get("source"), str):
                known.source(tool, point["source"], "pricing", "points", position, "source")
    for review in contents.reviews:
        known.tool(review, review.word("tool"), "tool")
        known.reviewer(review, review.word("persona"), "persona")
    for comparison in contents.comparisons:
        known.tool(comparison, comparison.word("left"), "left")
        known.tool(comparison, comparison.word("right"), "right")


class Names:
    """Everything that can be named: what the files bring and what the database keeps."""

    def __init__(self, contents: Contents, kept: Kept) -> None:
        self.kept = kept
        self.hints_left = MOST_HINTS
        self.categories = {item.slug for item in contents.categories} | kept.categories.keys()
        self.sources = {item.slug for item in contents.sources} | kept.sources.keys()
        renamed = {kept.renames.get(item.slug, "") for item in contents.tools}
        self.tools = {item.slug for item in contents.tools} | (kept.tools.keys() - renamed)
        self.moved = {
            former: item.slug for item in contents.tools for former in item.words("former_slugs")
        } | {former: tool.slug for former, tool in kept.former.items()}

    def category(self, item: AnyItem, slug: str, *path: str | int) -> None:
        if slug and slug not in self.categories:
            hint = self.hint(slug, self.categories)
            item.complain(f"the category {quoted(slug)} does not exist{hint}", *path)

    def source(self, item: AnyItem, slug: str, *path: str | int) -> None:
        if slug not in self.sources:
            hint = self.hint(slug, self.sources)
            item.complain(f"the source {quoted(slug)} does not exist{hint}", *path)

    def reviewer(self, item: AnyItem, slug: str, *path: str | int) -> None:
        if slug and slug not in self.kept.reviewers:
            allowed = ", ".join(self.kept.reviewers)
            hint = self.hint(slug, self.kept.reviewers)
            item.complain(f"the persona {quoted(slug)} is not one of {allowed}{hint}", *path)

    def tool(self, item: AnyItem, slug: str, *path: str | int) -> None:
        if not slug or slug in self.tools:
            return
        key = path[0] if path[0] == "replaced_by" else "tool"
        if present := self.moved.get(slug):
            hint = f"; it is a former slug of {quoted(present)}"
        else:
            hint = self.hint(slug, self.every_tool)
        item.complain(f"the {key} {quoted(slug)} does not exist{hint}", *path)

    def hint(self, word: str, known: Iterable[str]) -> str:
        self.hints_left -= 1
        return did_you_mean(word, known) if self.hints_left >= 0 else ""

    @property
    def every_tool(self) -> set[str]:
        """Read only when a word is unknown."""
        if not hasattr(self, "_every_tool"):
            self._every_tool = self.tools | set(Tool.objects.values_list("slug", flat=True))
        return self._every_tool


def check_replacements(tools: Iterable[AnyItem], kept: Kept) -> None:
    """No tool takes its own place, at once or over others."""
    replaced_by = dict(kept.replaced_by)
    by_slug = {item.slug: item for item in tools if item.slug}
    for item in by_slug.values():
        replaced_by.pop(kept.renames.get(item.slug, ""), None)
        replaced_by[item.slug] = item.word("replaced_by")
    for slug, item in by_slug.items():
        chain = {slug: None}
        following = replaced_by.get(slug, "")
        while following and following not in chain:
            chain[following] = None
            following = replaced_by.get(following, "")
        if following == slug:
            words = " -> ".join([*chain, slug])
            item.complain(f"replaced_by goes round in a circle: {words}", "replaced_by")


def check_pairs(comparisons: Iterable[AnyItem]) -> None:
    seen: dict[frozenset[str], AnyItem] = {}
    for item in comparisons:
        left, right = item.word("left"), item.word("right")
        if not left or not right:
            continue
        if left == right:
            item.complain(f'"{left}-vs-{right}" compares a tool with itself', "right")
            continue
        pair = frozenset((left, right))
        if pair in seen:
            item.complain(f"the pair is in {both(seen[pair], item)}; once is enough", "left")
        seen.setdefault(pair, item)


def check_days(contents: Contents, *, today: dt.date) -> None:
    """One review per tool, persona and day; one price per label, unit, currency and day."""
    judged: dict[tuple[str, str, dt.date], AnyItem] = {}
    for item in contents.reviews:
        if (review := item.entry) is None:
            continue
        day = review.written or today
        seat = (review.tool, review.persona, day)
        if seat in judged:
            item.complain(
                f"{both(judged[seat], item)} are by one persona on one tool on {day}", "persona"
            )
        judged.setdefault(seat, item)
    for tool in contents.tools:
        points: dict[tuple[object, ...], int] = {}
        for position, point in enumerate(tool.entry.pricing.points if tool.entry else ()):
            key = (point.label, point.unit, point.currency, point.effective)
            if key in points:
                words = f"points {points[key] + 1} and {position + 1} are for the same"
                what = f"{point.label} {point.unit} in {point.currency} on {point.effective}"
                tool.complain(f"pricing, {words}: {what.strip()}", "pricing", "points", position)
            points.setdefault(key, position)


def check_clashes(contents: Contents, kept: Kept, *, today: dt.date) -> None:
    """A price or a verdict that changes a second time on one day."""
    dated: list[Dated[Any]] = [
        *dated_points(contents, kept),
        *dated_reviews(contents, kept, today=today),
    ]
    for row in dated:
        if row.fate is Fate.CLASH:
            row.item.complain(
                f"{row.words} is already recorded otherwise on {row.day}, and dated rows are "
                "never changed; give the new one its own date",
                *row.path,
            )
