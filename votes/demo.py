"""Synthetic votes of the demo, on invented tools only: a count for every state of a page.

Real tools get none: a share that no reader stands behind would be a false statement.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass

from django.db import transaction

from tools.models import Tool
from votes.boards import refresh_trends, write_the_months
from votes.models import Pick, PickTally, Reason, Status, Tally, Vote

SPREAD = dt.timedelta(days=28)


@dataclass(frozen=True)
class Plan:
    ships: int
    skips: int
    held: int = 0
    reason: Reason = Reason.NETWORK_ON_TOOL
    is_of_one_day: bool = False


VOTES = {
    "curlew-desk": Plan(1, 0),
    "loupe-nano": Plan(6, 3),
    "minnow-3": Plan(16, 9, is_of_one_day=True),
    "anselm-2": Plan(12, 8),
    "avocet-lite": Plan(157, 55, held=31),
    "fieldglass-edge": Plan(110, 31),
    "harbour-notes": Plan(205, 84),
    "quillwort": Plan(256, 45),
    "tin-whistle": Plan(126, 24),
    "sanderling": Plan(21, 9, held=12, reason=Reason.VOTER_RATE),
    "kestrel-base": Plan(71, 93),
    "malik-al-hazin": Plan(40, 18),
}
# Of the first, the second and neither, in the order of the address.
PICKS = {
    ("harbour-notes", "quillwort"): (89, 40, 17),
    ("avocet-lite", "fieldglass-edge"): (9, 8, 5),
    ("anselm-2", "harbour-notes"): (4, 2, 1),
}


@transaction.atomic
def cast_demo_votes(*, now: dt.datetime) -> int:
    """Cast what the invented tools lack; how many votes and picks it was. Again: nothing."""
    slugs = {*VOTES, *(slug for pair in PICKS for slug in pair)}
    tools = Tool.objects.filter(slug__in=slugs).in_bulk(field_name="slug")
    voted = set(Tally.objects.values_list("tool__slug", flat=True))
    picked = {tally.subject for tally in PickTally.objects.all()}
    votes = [
        vote
        for slug, plan in VOTES.items()
        if slug in tools and slug not in voted
        for vote in _votes(tools[slug], plan, now=now)
    ]
    picks = [
        pick
        for (first, second), counts in PICKS.items()
        if first in tools and second in tools
        for pick in _picks(tools[first], tools[second], counts, now=now)
        if pick.subject not in picked
    ]
    Vote.objects.bulk_create(sorted(votes, key=lambda vote: vote.created_at), batch_size=1000)
    Pick.objects.bulk_create(sorted(picks, key=lambda pick: pick.created_at), batch_size=1000)
    refresh_trends(now=now)
    write_the_months(now=now)
    return len(votes) + len(picks)


def _votes(tool: Tool, plan: Plan, *, now: dt.datetime) -> list[Vote]:
    dice = random.Random(tool.slug)  # noqa: S311
    choices = [Vote.Choice.SHIP] * plan.ships + [Vote.Choice.SKIP] * plan.skips
    counted = [
        Vote(tool=tool, choice=choice, **_fields(dice, now=now, is_of_one_day=plan.is_of_one_day))
        for choice in choices
    ]
    # What is held came at once, from one network.
    moment, network = now - dt.timedelta(days=1), dice.randbytes(12)
    held = [
        Vote(
            tool=tool,
            choice=Vote.Choice.SHIP,
            status=Status.HELD,
            reason=plan.reason,
            **_fields(dice, now=now)
            | {"created_at": moment, "changed_at": moment, "net_hash": network},
        )
        for _ in range(plan.held)
    ]
    return counted + held


def _picks(
    first: Tool, second: Tool, counts: tuple[int, int, int], *, now: dt.datetime
) -> list[Pick]:
    dice = random.Random(f"{first.slug} {second.slug}")  # noqa: S311
    lower, higher = sorted([first, second], key=lambda tool: tool.pk)
    is_lower_first = lower == first
    return [
        Pick(
            lower=lower,
            higher=higher,
            choice=Pick.Choice.of(word, is_lower_first=is_lower_first),
            shown_first=Pick.Choice.of("first", is_lower_first=is_lower_first),
            **_fields(dice, now=now),
        )
        for word, count in zip(("first", "second", "neither"), counts, strict=True)
        for _ in range(count)
    ]


def _fields(
    dice: random.Random, *, now: dt.datetime, is_of_one_day: bool = False
) -> dict[str, object]:
    """A voter and a network that nobody else has, at a moment of the last weeks."""
    age = dt.timedelta(days=1) if is_of_one_day else SPREAD * dice.random() ** 2
    return {
        "voter": uuid.UUID(bytes=dice.randbytes(16), version=5),
        "net_hash": dice.randbytes(12),
        "agent_hash": dice.randbytes(12),
        "created_at": now - age,
        "changed_at": now - age,
    }
