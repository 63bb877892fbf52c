"""Readers who do not exist: the demo's votes, picks and subscribers, the same in every demo.

`README.md` beside this file says which votes the states of the pages need.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from newsletter.addresses import email_key, receiver_of
from newsletter.models import Channel, ConsentEvent, ConsentText, Subscriber
from tools.models import Comparison, Tool
from votes.models import Pick, Reason, Status, Vote

# Ship and skip. Tools that are not named here get a crowd by chance.
VOTES = {
    "plover-desk": (0, 0),
    "tidewrack": (0, 0),
    "mistle": (0, 0),
    "ostler": (0, 0),
    "minnow-2": (0, 0),
    "curlew-desk": (1, 0),
    "loupe-nano": (6, 3),
    "minnow-3": (15, 10),
    "anselm-2": (12, 8),
    "avocet-lite": (157, 55),
    "fieldglass-edge": (110, 31),
    "harbour-notes": (205, 84),
    "quillwort": (256, 45),
    "tin-whistle": (126, 24),
    "sanderling": (19, 11),
}
HELD = {"sanderling": 12}
ON_ONE_DAY = {"minnow-3"}
# First, second, neither, in the order of the pair's address.
PICKS = {
    "harbour-notes-vs-quillwort": (89, 40, 17),
    "avocet-lite-vs-fieldglass-edge": (9, 8, 5),
    "anselm-2-vs-harbour-notes": (4, 2, 1),
    "mistle-vs-ostler": (0, 0, 0),
}
CROWDS = [0, 8, 26, 60, 140, 320]
DAYS = 30
SUBSCRIBERS = 40


def vote() -> None:
    """Votes and picks over the last month, each of another reader and network."""
    chance = random.Random("verdicts")  # noqa: S311
    noon = timezone.now().replace(hour=12, minute=0, second=0) - dt.timedelta(days=1)
    # In the order of time, as the readers' lean is reckoned.
    votes = sorted(votes_by(chance, noon), key=lambda vote: vote.created_at)
    Vote.objects.bulk_create(votes, batch_size=2000)
    picks = sorted(picks_by(chance, noon), key=lambda pick: pick.created_at)
    Pick.objects.bulk_create(picks, batch_size=2000)


def votes_by(chance: random.Random, noon: dt.datetime) -> Iterator[Vote]:
    for tool in Tool.objects.published().order_by("slug"):
        crowd, liking = chance.choice(CROWDS), chance.uniform(0.25, 0.85)
        ships, skips = VOTES.get(tool.slug) or divide(crowd, liking)
        days = 1 if tool.slug in ON_ONE_DAY else DAYS
        for choice in [Vote.Choice.SHIP] * ships + [Vote.Choice.SKIP] * skips:
            yield Vote(tool=tool, choice=choice, **paper(chance, noon, days))
        for _ in range(HELD.get(tool.slug, 0)):
            held = paper(chance, noon, 1) | {"status": Status.HELD, "reason": Reason.NETWORK_RATE}
            yield Vote(tool=tool, choice=Vote.Choice.SHIP, **held)


def picks_by(chance: random.Random, noon: dt.datetime) -> Iterator[Pick]:
    for pair in Comparison.objects.select_related("first", "second").order_by("pk"):
        crowd, liking = chance.choice(CROWDS), chance.uniform(0.3, 0.7)
        picked = PICKS.get(f"{pair.first.slug}-vs-{pair.second.slug}")
        first, second, neither = picked or (*divide(crowd, liking), crowd // 10)
        lower, higher = sorted([pair.first_id, pair.second_id])
        is_lower_first = lower == pair.first_id
        words = ["first"] * first + ["second"] * second + ["neither"] * neither
        for word in words:
            yield Pick(
                lower_id=lower,
                higher_id=higher,
                choice=Pick.Choice.of(word, is_lower_first=is_lower_first),
                shown_first=Pick.Choice.of("first", is_lower_first=is_lower_first),
                **paper(chance, noon, DAYS),
            )


def divide(crowd: int, liking: float) -> tuple[int, int]:
    liked = round(crowd * liking)
    return liked, crowd - liked


def paper(chance: random.Random, noon: dt.datetime, days: int) -> dict[str, Any]:
    """What a vote and a pick share: within six hours of noon, on one of so many days."""
    moment = noon - dt.timedelta(
        days=chance.randrange(days), seconds=chance.randrange(-21_600, 21_600)
    )
    return {
        "voter": uuid.UUID(bytes=chance.randbytes(16), version=4),
        "created_at": moment,
        "changed_at": moment,
        "net_hash": chance.randbytes(12),
    }


def subscribe() -> None:
    """Confirmed subscribers, at a domain that is reserved for examples."""
    now = timezone.now()
    addresses = [f"reader-{number:02}@verdicts.example" for number in range(1, SUBSCRIBERS + 1)]
    subscribers = Subscriber.objects.bulk_create(
        Subscriber(
            email=address,
            email_key=email_key(address),
            receiver=receiver_of(address),
            state=Subscriber.State.CONFIRMED,
            confirmed_at=now,
            created_at=now,
        )
        for address in addresses
    )
    text = ConsentText.objects.current()
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            subscriber=subscriber,
            kind=ConsentEvent.Kind.CONFIRMED,
            at=now,
            channel=Channel.ADMIN,
            text=text,
            page="manage.py demo",
        )
        for subscriber in subscribers
    )
