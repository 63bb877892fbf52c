"""Invented subscribers at scale, for benchmarks. Nobody reads mail at their domains."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from newsletter.addresses import email_key
from newsletter.models import Subscriber
from tools.models import Category

# RFC 2606: nobody can own these, so a stray mail reaches nobody.
DOMAINS = ("example.org", "example.com", "example.net")
GROWN = r"^reader-\d+@example\.(org|com|net)$"
STRIDE = 10_000
# Of a hundred: the others are confirmed.
STATES = {
    Subscriber.State.PENDING: 4,
    Subscriber.State.UNSUBSCRIBED: 4,
    Subscriber.State.UNDELIVERABLE: 1,
    Subscriber.State.COMPLAINED: 1,
}
WITH_TOPICS = 0.2
COPY = """
copy newsletter_subscriber (email, email_key, state, token_version, topics, receiver, bounce_score,
created_at, confirmed_at, ended_at) from stdin
"""

Progress = Callable[[str, int, int], None]


@transaction.atomic
def grow_subscribers(count: int, *, now: dt.datetime, progress: Progress) -> None:
    """Add that many, by COPY; the same for the same number and hour."""
    start = Subscriber.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    # Read before the COPY: while it runs, its connection does nothing else.
    categories = list(Category.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as rows:
            for done, row in enumerate(
                invented(start, count, categories=categories, now=now), start=1
            ):
                rows.write_row(row)
                if done % STRIDE == 0 or done == count:
                    progress("subscribers", done, count)
        cursor.execute("analyze newsletter_subscriber")


def holds_real_subscribers() -> bool:
    """There is an address that growth has not made."""
    return Subscriber.objects.exclude(email__regex=GROWN).exclude(email="").exists()


def invented(
    start: int, count: int, *, categories: list[int], now: dt.datetime
) -> Iterator[tuple[Any, ...]]:
    dice = random.Random(start)  # noqa: S311  nothing secret is drawn
    states, weights = list(STATES), list(STATES.values())
    for number in range(start + 1, start + count + 1):
        domain = DOMAINS[number % len(DOMAINS)]
        address = f"reader-{number}@{domain}"
        created_at = now - dt.timedelta(minutes=dice.randrange(1, 500_000))
        state = Subscriber.State.CONFIRMED
        if dice.random() * 100 < sum(weights):
            [state] = dice.choices(states, weights)
        if state == Subscriber.State.PENDING:
            created_at = now - dt.timedelta(minutes=dice.randrange(1, 10_000))
        topics = []
        if categories and dice.random() < WITH_TOPICS:
            topics = sorted(dice.sample(categories, k=min(2, len(categories))))
        is_over = state not in {Subscriber.State.PENDING, Subscriber.State.CONFIRMED}
        yield (
            address,
            email_key(address),
            str(state),
            1,
            topics,
            domain,
            0,
            created_at,
            None if state == Subscriber.State.PENDING else created_at + dt.timedelta(minutes=9),
            now if is_over else None,
        )
