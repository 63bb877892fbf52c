"""The entries of a catalogue file: catalog.schema.json in Python. Knows nothing of the database."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from django.utils import timezone
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from reviews.models import Review
from tools.models import NOT_A_TOOL_SLUG, SLUG, Openness, PriceKind, PricePoint, Source
from verdicts.catalog.problems import described, quoted
from verdicts.catalog.reading import Number, Switch

SCHEMA_VERSION = "1"
ON_REQUEST = "on request"

# Characters that print nothing or turn the text beside them around; in long texts a tab and
# the end of a line may stand.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def wrong(words: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", "{words}", {"words": words})


def without_control(text: str) -> str:
    if found := CONTROL.search(text):
        raise wrong(f"holds the character U+{ord(found[0]):04X}, which readers cannot see")
    return text


def on_one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise wrong("holds a line break or a tab; it must be one line")
    return text


def slug(text: str) -> str:
    if not re.fullmatch(SLUG.strip("^$"), text):
        raise wrong(f"{quoted(text)} is not a slug: a-z, 0-9 and single hyphens")
    return text


def tool_slug(text: str) -> str:
    if re.search(NOT_A_TOOL_SLUG, text):
        raise wrong(
            f"{quoted(text)} contains -vs-, begins with vs- or ends with -vs: "
            "that is how a comparison's address separates two tools"
        )
    return text


def web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or re.search(r"\s", text):
        raise wrong(f"{quoted(text)} is not a web address such as https://example.org/")
    return text


def day(text: object) -> dt.date:
    if isinstance(text, str) and DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise wrong(f"{quoted(text)} is not a day of the calendar") from None
    raise wrong(f"{quoted(text)} is not a date such as 2026-11-22")


def moment(text: object) -> dt.datetime:
    """A date is 00:00 of the site's time zone."""
    if isinstance(text, str) and "T" in text:
        if not MOMENT.fullmatch(text):
            raise wrong(
                f"{quoted(text)} is not a moment with its offset, such as 2026-11-22T09:00+01:00"
            )
        try:
            return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise wrong(f"{quoted(text)} is not a day and time of the calendar") from None
    midnight = dt.datetime.combine(day(text), dt.time())
    try:
        return timezone.make_aware(midnight).astimezone(dt.UTC)
    except OverflowError:
        raise wrong(f"{quoted(text)} is out of range") from None


def amount(value: object) -> Decimal | None:
    """The exact decimal, or None for 'on request'."""
    if value == ON_REQUEST:
        return None
    literal = str(value)
    if not isinstance(value, str | Number) or not AMOUNT.fullmatch(literal):
        raise wrong(f"{quoted(literal)} is neither an amount such as 0.10 nor {ON_REQUEST!r}")
    return Decimal(literal)


def currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise wrong(f"{quoted(text)} is not three capitals such as USD")
    return text


def unit(text: str) -> str:
    if not text.startswith("per "):
        raise wrong(f"{quoted(text)} does not begin with 'per ', as 'per month' does")
    return text


def switch(value: object) -> bool:
    if not isinstance(value, Switch):
        raise wrong(f"{described(value)} must be true or false")
    return value.is_on


def unique(items: list[str]) -> list[str]:
    for position, item in enumerate(items):
        if item in items[:position]:
            raise wrong(f"{quoted(item)} stands in the list twice")
    return items


# A member by its value.
OneOf = Field(strict=False)
Text = StringConstraints(strip_whitespace=True, min_length=1)
Prose = Annotated[str, Text, AfterValidator(without_control)]
Line = Annotated[Prose, AfterValidator(on_one_line)]
Slug = Annotated[str, Field(max_length=80), AfterValidator(slug)]
ToolSlug = Annotated[Slug, AfterValidator(tool_slug)]
Address = Annotated[Line, Field(max_length=400), AfterValidator(web_address)]
Day = Annotated[dt.date, BeforeValidator(day)]
Moment = Annotated[dt.datetime, BeforeValidator(moment)]
TrueOrFalse = Annotated[bool, BeforeValidator(switch)]
Amount = Annotated[Decimal | None, BeforeValidator(amount)]


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


class TitleEntry(Entry):
    title: Annotated[Line, Field(max_length=120)]
