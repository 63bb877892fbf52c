"""The single values of a catalogue file: what a slug, a date, an amount looks like, and the words
for one that does not."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from django.utils import timezone
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tools.models import NOT_A_TOOL_SLUG, SLUG
from verdicts.catalog.problems import described, quoted
from verdicts.catalog.reading import Number, Switch

ON_REQUEST = "on request"

# Characters that print nothing or turn the text beside them around; in long texts a tab and
# the end of a line may stand.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\U000e0001]"
)
# Letters, numbers, punctuation and signs, by the first letter of their Unicode category.
VISIBLE = "LNPS"
# Marks on one letter: more of them run over the lines above and below.
MOST_MARKS = 8
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


def readable(text: str) -> str:
    if not any(unicodedata.category(character)[0] in VISIBLE for character in text):
        raise wrong("holds nothing that readers can see")
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MOST_MARKS:
            raise wrong(f"stacks more than {MOST_MARKS} marks on one letter")
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
Prose = Annotated[str, Text, AfterValidator(without_control), AfterValidator(readable)]
Line = Annotated[Prose, AfterValidator(on_one_line)]
Slug = Annotated[str, Field(max_length=80), AfterValidator(slug)]
ToolSlug = Annotated[Slug, AfterValidator(tool_slug)]
Address = Annotated[Line, Field(max_length=400), AfterValidator(web_address)]
Day = Annotated[dt.date, BeforeValidator(day)]
Moment = Annotated[dt.datetime, BeforeValidator(moment)]
TrueOrFalse = Annotated[bool, BeforeValidator(switch)]
Amount = Annotated[Decimal | None, BeforeValidator(amount)]
