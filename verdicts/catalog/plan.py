"""What an import saves, worked out row by row from the files and from what is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from reviews.models import Review
from tools.models import Category, Comparison, FormerSlug, PricePoint, Source, Tool, in_order
from verdicts.catalog.changes import Changes, Difference, Row, difference
from verdicts.catalog.dated import dated_points, dated_reviews
from verdicts.catalog.entries import ComparisonEntry, ToolEntry
from verdicts.catalog.fates import Fate
from verdicts.catalog.kept import Kept
from verdicts.catalog.shape import Contents

M = TypeVar("M", bound=models.Model)


@dataclass
class Plan:
    """Everything that is to be saved, in order; `changes` says it in words.

    Made from contents in which no problem was found, so every entry is good and every
    reference leads somewhere.
    """

    contents: Contents
    kept: Kept
    now: dt.datetime
    # Leave new tools and comparisons as drafts.
    drafts: bool = False

    rows: list[Row] = field(default_factory=list)
    added: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    changed: list[models.Model] = field(default_factory=list)
    renamed: list[tuple[Tool, str]] = field(default_factory=list)
    sources_of: list[tuple[Tool, list[Source]]] = field(default_factory=list)
    replaced: list[tuple[Tool, Tool | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.today = timezone.localdate(self.now)
        self.categories = dict(self.kept.categories)
        self.sources = dict(self.kept.sources)
        self.tools = dict(self.kept.tools)
        self.plan_categories()
        self.plan_sources()
        self.plan_tools()
        self.plan_price_points()
        self.plan_reviews()
        self.plan_comparisons()

    @property
    def changes(self) -> Changes:
        return Changes(tuple(self.rows))

    def new(self, model: type[M]) -> list[M]:
        """The rows to add to one table."""
        return self.added.get(model, [])

    def add(self, kind: str, name: str, row: models.Model, told: Mapping[str, Any]) -> None:
        """Add the row; `told` is what an editor reads of it before."""
        self.added.setdefault(type(row), []).append(row)
        differences = tuple(difference(key, None, value) for key, value in told.items() if value)
        self.rows.append(Row(kind, name, Fate.ADDED, differences))

    def change(
        self, kind: str, name: str, row: models.Model, wanted: Mapping[str, Any], *also: Difference
    ) -> None:
        """Give the row the wanted values; `also` is what changes beside its own fields."""
        was = {key: getattr(row, key) for key in wanted}
        differing = [key for key, value in wanted.items() if was[key] != value]
        for key in differing:
            setattr(row, key, wanted[key])
        differences = (*(difference(key, was[key], wanted[key]) for key in differing), *also)
        if differences:
            self.changed.append(row)
        fate = Fate.CHANGED if differences else Fate.UNCHANGED
        self.rows.append(Row(kind, name, fate, differences))

    def plan_categories(self) -> None:
        for item in self.contents.categories:
            entry = item.good
            wanted = {"name": entry.name, "description": entry.description}
            if kept := self.categories.get(entry.slug):
                self.change("category", entry.slug, kept, wanted)
            else:
                new = self.categories[entry.slug] = Category(slug=entry.slug, **wanted)
                self.add("category", entry.slug, new, wanted)

    def plan_sources(self) -> None:
        for item in self.contents.sources:
            entry = item.good
            wanted = {
                "title": entry.title,
                "kind": entry.kind.value,
                "url": entry.url,
                "dated_on": entry.dated,
                "read_on": entry.read_on,
                "note": entry.note,
            }
            if kept := self.sources.get(entry.id):
                self.change("source", entry.id, kept, wanted)
            else:
                new = self.sources[entry.id] = Source(slug=entry.id, **wanted)
                self.add("source", entry.id, new, wanted)

    def plan_tools(self) -> None:
        entries = [item.good for item in self.contents.tools]
        for entry in entries:
            kept = self.kept.tool(entry.slug)
            if kept is not None and kept.slug != entry.slug:
                self.renamed.append((kept, entry.slug))
            self.tools[entry.slug] = kept or Tool(slug=entry.slug, created_at=self.now)
        for entry in entries:
            if self.kept.tool(entry.slug):
                self.plan_kept_tool(entry)
            else:
                self.plan_new_tool(entry)

    def plan_new_tool(self, entry: ToolEntry) -> None:
        tool = self.tools[entry.slug]
        wanted = self.wanted_of(entry)
        for key, value in wanted.items():
            setattr(tool, key, value)
        tool.is_published = not (entry.draft or self.drafts)
        told = wanted | {"sources": ", ".join(entry.sources), "published": tool.is_published}
        self.add("tool", entry.slug, tool, told)
        self.sources_of.append((tool, [self.sources[slug] for slug in entry.sources]))
        if entry.replaced_by:
            self.replaced.append((tool, self.tools[entry.replaced_by]))
        self.add_former_slugs(tool, entry.former_slugs)

    def plan_kept_tool(self, entry: ToolEntry) -> None:
        tool = self.tools[entry.slug]
        wanted = self.wanted_of(entry)
        if not self.drafts:
            wanted["is_published"] = not entry.draft
        sources = [self.sources[slug] for slug in entry.sources]
        replacement = self.tools[entry.replaced_by] if entry.replaced_by else None
        known = {tool.slug, *(former.slug for former in tool.former_slugs.all())}
        former = [slug for slug in entry.former_slugs if slug not in known]
        also = []
        if tool.slug != entry.slug:
            also.append(difference("slug", tool.slug, entry.slug))
        if former:
            also.append(difference("former slugs", None, ", ".join(former)))
            self.add_former_slugs(tool, former)
        kept_sources = sorted(source.slug for source in tool.sources.all())
        if set(entry.sources) != set(kept_sources):
            listed = ", ".join(kept_sources), ", ".join(sorted(entry.sources))
            also.append(difference("sources", *listed))
            self.sources_of.append((tool, sources))
        if tool.replaced_by_id != (replacement.pk or NEW if replacement else None):
            also.append(difference("replaced by", tool.replaced_by, replacement))
            self.replaced.append((tool, replacement))
        self.change("tool", entry.slug, tool, wanted, *also)

    def wanted_of(self, entry: ToolEntry) -> dict[str, Any]:
        return {
            "name": entry.name,
            "category": self.categories[entry.category],
            "maker": entry.maker,
            "tagline": entry.tagline,
            "description": entry.description,
            "website": entry.website or "",
            "launched_on": entry.launched,
            "launched_basis": entry.launched_basis,
            "openness": entry.openness.value if entry.openness else "",
            "licence": entry.licence,
            "notes": entry.notes,
            "entry_price": entry.pricing.entry,
            "entry_kind": entry.pricing.kind.value,
        }

    def add_former_slugs(self, tool: Tool, slugs: Iterable[str]) -> None:
        # Part of the tool's row in the file, and counted with it.
        self.added.setdefault(FormerSlug, []).extend(
            FormerSlug(slug=slug, tool=tool) for slug in slugs
        )

    def plan_price_points(self) -> None:
        for dated in dated_points(self.contents, self.kept):
            point, name = dated.entry, f"{dated.words} from {dated.day}"
            if dated.fate is Fate.UNCHANGED:
                self.rows.append(Row("price", name, Fate.UNCHANGED))
                continue
            row = PricePoint(
                tool=self.tools[dated.item.slug],
                label=point.label,
                amount=point.amount,
                currency=point.currency,
                unit=point.unit,
                effective_on=point.effective,
                basis=point.basis.value,
                source=self.sources[point.source] if point.source else None,
                note=point.note,
                created_at=self.now,
            )
            amount = "on request" if row.amount is None else f"{row.amount} {row.currency}"
            told = {"amount": amount, "source": point.source, "note": row.note}
            self.add("price", name, row, told)

    def plan_reviews(self) -> None:
        for dated in dated_reviews(self.contents, self.kept, today=self.today):
            review, name = dated.entry, f"{dated.words} of {dated.day}"
            if dated.fate is Fate.UNCHANGED:
                self.rows.append(Row("review", name, Fate.UNCHANGED))
                continue
            row = Review(
                reviewer=self.kept.reviewers[review.persona],
                tool=self.tools[review.tool],
                verdict=review.verdict.value,
                summary=review.summary,
                text=review.text,
                written_on=dated.day,
                created_at=self.now,
            )
            told = {"verdict": row.verdict, "summary": row.summary, "text": row.text}
            self.add("review", name, row, told)

    def plan_comparisons(self) -> None:
        for item in self.contents.comparisons:
            entry = item.good
            one, other = in_order(self.tools[entry.left], self.tools[entry.right])
            name = f"{entry.left} vs {entry.right}"
            pair = frozenset((one.pk, other.pk))
            kept = self.kept.comparisons.get(pair) if None not in pair else None
            publish_at = self.publish_at(entry, kept)
            told = {"headline": entry.headline, "publish at": entry.published}
            if kept:
                wanted = {"headline": entry.headline, "publish_at": publish_at}
                self.change("comparison", name, kept, wanted)
            else:
                row = Comparison(
                    first=one,
                    second=other,
                    headline=entry.headline,
                    publish_at=publish_at,
                    created_at=self.now,
                )
                self.add("comparison", name, row, told)

    def publish_at(self, entry: ComparisonEntry, kept: Comparison | None) -> dt.datetime | None:
        """The hour of publication: as written, as it was, or this very minute."""
        if self.drafts:
            return kept.publish_at if kept else None
        if entry.draft:
            return None
        before = kept.publish_at if kept else None
        if entry.published is None:
            return before or to_the_minute(self.now)
        # Files hold minutes, as an export writes them; the same minute is the same hour.
        if before and to_the_minute(before) == to_the_minute(entry.published):
            return before
        return entry.published


# In place of the id of a tool that the same import adds.
NEW = -1


def to_the_minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)
