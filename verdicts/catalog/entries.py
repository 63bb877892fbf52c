"""The entries of a catalogue file: catalog.schema.json in Python."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reviews.models import Review
from tools.models import Openness, PriceKind, PricePoint, Source
from verdicts.catalog.fields import (
    Address,
    Amount,
    Day,
    Line,
    Moment,
    OneOf,
    Prose,
    Slug,
    ToolSlug,
    TrueOrFalse,
    currency,
    unique,
    unit,
)


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CategoryEntry(Entry):
    slug: Slug
    name: Annotated[Line, Field(max_length=80)]
    description: Annotated[Prose, Field(max_length=400)] = ""


class SourceEntry(Entry):
    id: Slug
    title: Annotated[Line, Field(max_length=200)]
    kind: Annotated[Source.Kind, OneOf]
    url: Address
    dated: Day | None = None
    read_on: Day
    note: Annotated[Prose, Field(max_length=300)] = ""


class PointEntry(Entry):
    label: Annotated[Line, Field(max_length=60)] = ""
    amount: Amount
    currency: Annotated[str, AfterValidator(currency)]
    unit: Annotated[Line, Field(max_length=40), AfterValidator(unit)]
    effective: Day
    basis: Annotated[PricePoint.Basis, OneOf] = PricePoint.Basis.OBSERVED
    source: Slug | None = None
    note: Annotated[Prose, Field(max_length=300)] = ""


class PricingEntry(Entry):
    entry: Annotated[Line, Field(max_length=40)]
    kind: Annotated[PriceKind, OneOf]
    # The schema says 40; a tool's whole history may be longer, and an export must come back.
    points: Annotated[tuple[PointEntry, ...], Field(max_length=1000, strict=False)] = ()


class ToolEntry(Entry):
    slug: ToolSlug
    name: Annotated[Line, Field(max_length=80)]
    category: Slug
    maker: Annotated[Line, Field(max_length=80)]
    tagline: Annotated[Line, Field(max_length=140)]
    description: Annotated[Prose, Field(max_length=2000)]
    website: Address | None = None
    launched: Day | None = None
    launched_basis: Annotated[Line, Field(max_length=140)] = ""
    openness: Annotated[Openness, OneOf] | None = None
    licence: Annotated[Line, Field(max_length=120)] = ""
    notes: Annotated[Prose, Field(max_length=1000)] = ""
    sources: Annotated[list[Slug], Field(max_length=40), AfterValidator(unique)] = []
    pricing: PricingEntry
    draft: TrueOrFalse = False
    replaced_by: Slug | None = None
    former_slugs: Annotated[list[ToolSlug], Field(max_length=20), AfterValidator(unique)] = []


class ReviewEntry(Entry):
    tool: Slug
    persona: Slug
    verdict: Annotated[Review.Choice, OneOf]
    summary: Annotated[Line, Field(max_length=90)] = ""
    text: Annotated[Prose, Field(max_length=2000)]
    written: Day | None = None


class ComparisonEntry(Entry):
    left: Slug
    right: Slug
    headline: Annotated[Prose, Field(max_length=400)] = ""
    published: Moment | None = None
    draft: TrueOrFalse = False


class Title(Entry):
    title: Annotated[Line, Field(max_length=120)]
