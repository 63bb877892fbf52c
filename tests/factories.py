"""One small cast for every test: plain functions that save what they make.

Say only what the test is about; everything else is filled in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from newsletter.addresses import email_key, receiver_of
from newsletter.models import Delivery, Edition, Issue, Move, Subscriber
from newsletter.moulds import ADDRESS, MESSAGE_KEY, PREFERENCES, UNSUBSCRIBE
from reviews.models import Review, Reviewer
from tools.models import Category, Comparison, Openness, PriceKind, PricePoint, Source, Tool
from votes.models import Pick, PickTally, Tally, Vote

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
PANEL = ("builder", "skeptic", "futurist", "founder")

_numbers = itertools.count(1)


def make_category(slug: str = "developer-tools", **fields: Any) -> Category:
    category, _ = Category.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " ").capitalize(), **fields}
    )
    return category


def make_tool(slug: str = "", **fields: Any) -> Tool:
    slug = slug or f"tool-{next(_numbers)}"
    made = {
        "name": slug.replace("-", " ").title(),
        "maker": "Corvid",
        "tagline": "A tool for tests",
        "description": "It stands in for a real one.",
        "openness": Openness.PROPRIETARY,
        "entry_price": "Free",
        "entry_kind": PriceKind.FREE_TIER,
        "is_published": True,
    } | fields
    if "category" not in made:
        made["category"] = make_category()
    return Tool.objects.create(slug=slug, **made)


def make_source(slug: str = "", **fields: Any) -> Source:
    slug = slug or f"source-{next(_numbers)}"
    made = {
        "title": "Price list",
        "kind": Source.Kind.DOCS,
        "url": "https://example.org/prices",
        "read_on": TODAY,
    } | fields
    return Source.objects.create(slug=slug, **made)


def make_price(tool: Tool, amount: str | None = "0.10", **fields: Any) -> PricePoint:
    made = {
        "label": "Standard",
        "currency": "USD",
        "unit": "per 1M input tokens",
        "effective_on": TODAY,
    } | fields
    return PricePoint.objects.create(
        tool=tool, amount=None if amount is None else Decimal(amount), **made
    )


def make_review(
    tool: Tool, reviewer: str = "builder", verdict: str = "ship", **fields: Any
) -> Review:
    made = {"text": "It does what its page says.", "written_on": TODAY} | fields
    return Review.objects.create(
        tool=tool, reviewer=Reviewer.objects.get(slug=reviewer), verdict=verdict, **made
    )


def make_panel(tool: Tool, *, ships: int = 4, of: int = 4, **fields: Any) -> list[Review]:
    """The first `of` personas judge the tool; the first `ships` of them ship it."""
    return [
        make_review(tool, reviewer, "ship" if place < ships else "skip", **fields)
        for place, reviewer in enumerate(PANEL[:of])
    ]


def make_comparison(
    first: Tool | None = None, second: Tool | None = None, **fields: Any
) -> Comparison:
    made = {"publish_at": NOW - dt.timedelta(days=1)} | fields
    return Comparison.objects.create(
        first=first or make_tool(), second=second or make_tool(), **made
    )


MONDAY = dt.date(2026, 11, 16)
SLOT = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def make_issue(**fields: Any) -> Issue:
    """The issue of the week before NOW, whose slot was Friday at nine."""
    made = {
        "week_of": MONDAY,
        "slot_on": SLOT.date(),
        "send_at": SLOT,
        "send_by": NOW + dt.timedelta(days=1),
    } | fields
    return Issue.objects.create(**made)


def make_subscriber(email: str = "", **fields: Any) -> Subscriber:
    """A confirmed reader of every topic."""
    email = email or f"reader-{next(_numbers)}@example.org"
    made = {
        "email": email,
        "email_key": email_key(email),
        "receiver": receiver_of(email),
        "state": Subscriber.State.CONFIRMED,
        "confirmed_at": NOW,
    } | fields
    return Subscriber.objects.create(**made)


def make_move(reader: Subscriber, address: str, *, at: dt.datetime = NOW) -> Move:
    """A wish to get the email at another address."""
    return Move.objects.create(
        subscriber=reader, email=address, email_key=email_key(address), asked_at=at
    )


def make_edition(issue: Issue, **fields: Any) -> Edition:
    """A small mail with its marks."""
    message = (
        f"To: {ADDRESS}\r\nSubject: Ship it\r\n"
        f"Message-ID: <{MESSAGE_KEY}@verdicts.example>\r\n"
        f"List-Unsubscribe: <https://verdicts.example/newsletter/unsubscribe/{UNSUBSCRIBE}/>\r\n"
        f"\r\nThe verdict.\r\n.\r\nTopics: {PREFERENCES}\r\n"
    ).encode()
    made = {
        "subject": "Ship it",
        "html": "<p>The verdict.",
        "text": "The verdict.",
        "message": message,
        "sha256": hashlib.sha256(message).digest(),
    } | fields
    return Edition.objects.create(issue=issue, **made)


def make_sending_issue(*readers: Subscriber, **fields: Any) -> Issue:
    """An issue on its way to these readers, with time left."""
    now = timezone.now()
    issue = make_issue(**{"send_at": now, "send_by": now + dt.timedelta(days=1)} | fields)
    edition = make_edition(issue)
    Delivery.objects.bulk_create(
        Delivery(issue=issue, subscriber=reader, edition=edition) for reader in readers
    )
    issue.state, issue.audience, issue.frozen_at = Issue.State.SENDING, len(readers), now
    issue.save()
    return issue


def make_votes(
    tool: Tool, *, ships: int = 0, skips: int = 0, is_settled: bool = True, **fields: Any
) -> list[Vote]:
    """Counted votes, each of a voter of its own; the database keeps the tally.

    `is_settled`: as if they came from enough networks and days for a score.
    """
    made = {"created_at": NOW, "changed_at": NOW} | fields
    choices = [Vote.Choice.SHIP] * ships + [Vote.Choice.SKIP] * skips
    votes = Vote.objects.bulk_create(
        Vote(tool=tool, voter=uuid.uuid4(), choice=choice, **made) for choice in choices
    )
    Tally.objects.filter(tool=tool).update(is_settled=is_settled)
    return votes


def make_picks(
    first: Tool, second: Tool, *, picks: tuple[int, int, int] = (0, 0, 0), **fields: Any
) -> list[Pick]:
    """Counted picks of the first, the second and neither, each of a voter of its own."""
    is_lower_first = first.pk < second.pk
    lower, higher = sorted([first.pk, second.pk])
    made = {
        "lower_id": lower,
        "higher_id": higher,
        "shown_first": Pick.Choice.of("first", is_lower_first=is_lower_first),
        "created_at": NOW,
        "changed_at": NOW,
    } | fields
    rows = Pick.objects.bulk_create(
        Pick(voter=uuid.uuid4(), choice=Pick.Choice.of(word, is_lower_first=is_lower_first), **made)
        for word, count in zip(("first", "second", "neither"), picks, strict=True)
        for _ in range(count)
    )
    PickTally.objects.filter(lower=lower, higher=higher).update(is_settled=True)
    return rows
