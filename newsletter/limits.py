"""How many sign-ups an address, a network and the whole site may ask for.

The counters live in the cache and are a fence, no more: if it is away, everybody passes, and
what an address is mailed is still bounded by the worker (models.OutgoingMail.post).
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.core.cache import cache
from redis import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """At most `most` in each `per`."""

    name: str
    most: int
    per: dt.timedelta

    def allows(self, key: str, *, now: dt.datetime) -> bool:
        """Count one more under `key`, and say whether it was still within the limit."""
        seconds = int(self.per.total_seconds())
        name = f"sign-up:{self.name}:{key}:{int(now.timestamp()) // seconds}"
        try:
            cache.add(name, 0, timeout=seconds)
            return int(cache.incr(name)) <= self.most
        except (RedisError, ValueError) as problem:
            logger.warning("The sign-up limits are not counted: %s", problem)
            return True


PER_ADDRESS = Limit("address", most=5, per=dt.timedelta(days=1))
PER_NETWORK = Limit("network", most=30, per=dt.timedelta(hours=1))
IN_ALL = Limit("all", most=2000, per=dt.timedelta(hours=1))
