"""Votes past the wire: straight into the box, and what the box then counts."""

import datetime as dt
import uuid
from typing import Any

from tests.factories import NOW
from tools.models import Tool
from votes.models import Reason, Tally, Traces, Vote


def cast(
    tool: Tool,
    choice: str = "ship",
    *,
    voter: uuid.UUID | None = None,
    reason: Reason = Reason.NONE,
    network: bytes | None = b"network",
    agent: bytes = b"agent",
    may_be_established: bool = False,
    now: dt.datetime = NOW,
) -> uuid.UUID:
    """One vote, of a voter of its own unless it is told whose; gives the voter back."""
    voter = voter or uuid.uuid4()
    traces = Traces(
        reason=reason,
        may_be_established=may_be_established,
        net_hash=network,
        agent_hash=agent,
    )
    Vote.objects.cast(slug=tool.slug, voter_id=voter, choice=choice, traces=traces, now=now)
    return voter


def hold(
    tool: Tool,
    choice: str = "ship",
    *,
    reason: Reason = Reason.NETWORK_RATE,
    network: bytes | None = b"office",
    **extra: Any,
) -> uuid.UUID:
    return cast(tool, choice, reason=reason, network=network, **extra)


def counts(tool: Tool) -> dict[str, int]:
    return Tally.objects.get(tool=tool).counts
