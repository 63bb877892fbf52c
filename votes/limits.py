"""The first wall: which votes count at once, which wait for the night or for staff.

A network is known by a hash whose salt is new every day. Nothing here refuses an honest reader:
a limit delays the count, and the answer says the same either way.
"""

from __future__ import annotations

import datetime as dt
import hmac
from functools import cache, lru_cache
from hashlib import sha256
from math import ceil

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

from votes.models import Reason, Salt, Traces
from votes.visitors import network_of
from votes.voters import Voter

HASH_BYTES = 12
# A vote waits no longer than this for the counters; it is then kept as held.
PATIENCE_SECONDS = 0.05
HOUR, DAY = 3600, 86_400
NETWORK_REASONS = {Reason.NETWORK_ON_TOOL, Reason.NETWORK_RATE}


class TooManyPressesError(RuntimeError):
    """One network presses faster than people do. `retry_after`: whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many presses; again in {retry_after} s")
        self.retry_after = retry_after


def let_in(request: HttpRequest, *, now: dt.datetime) -> None:
    """Count one press that is about no ballot. Raises TooManyPressesError."""
    _judge(_network_hash(request, now=now), now=now)


def judge(request: HttpRequest, *, voter: Voter, subject: str, now: dt.datetime) -> Traces:
    """What the first wall says of this press on `subject`. Raises TooManyPressesError."""
    net_hash = _network_hash(request, now=now)
    age = now - voter.since
    reason = Reason.NONE
    if not voter.has_cookie and age < dt.timedelta(milliseconds=settings.VOTES_FAST_MILLISECONDS):
        reason = Reason.FAST
    elif voter.is_suspect:
        reason = Reason.COOKIE
    if reason:
        _judge(net_hash, now=now)
    else:
        is_fresh = age < dt.timedelta(hours=settings.VOTES_FRESH_HOURS)
        reason = _judge(net_hash, now=now, voter=voter, subject=subject, is_fresh=is_fresh)
    established_age = dt.timedelta(days=settings.VOTES_ESTABLISHED_AGE_DAYS)
    return Traces(
        reason=reason,
        may_be_established=reason in NETWORK_REASONS and voter.has_cookie and age > established_age,
        net_hash=net_hash,
        agent_hash=_hashed("agent", request.headers.get("User-Agent", ""), now=now),
    )


def _judge(
    net_hash: bytes,
    *,
    now: dt.datetime,
    voter: Voter | None = None,
    subject: str = "",
    is_fresh: bool = True,
) -> Reason:
    network = net_hash.hex()
    # Salted by the day as well: the counters say nothing of a voter once the salt is gone.
    mark = _hashed("voter", voter.id.hex, now=now).hex() if voter else ""
    age = "fresh" if is_fresh else "older"
    try:
        wait, reason = _counters()(
            keys=[
                f"votes:presses:{network}",
                f"votes:counted:{network}",
                f"votes:counted:{network}:{subject}:{age}",
                f"votes:voter:{mark}",
            ],
            args=[
                now.timestamp(),
                settings.VOTES_PRESS_BURST,
                settings.VOTES_PRESS_PER_MINUTE / 60,
                settings.VOTES_NETWORK_BURST,
                settings.VOTES_NETWORK_PER_MINUTE / 60,
                mark,
                settings.VOTES_TOOL_FRESH if is_fresh else settings.VOTES_TOOL_OLDER,
                settings.VOTES_VOTER_PER_HOUR,
                HOUR,
                DAY,
            ],
        )
    except RedisError:
        return Reason.UNCHECKED
    if wait:
        raise TooManyPressesError(ceil(float(wait)))
    return Reason(int(reason))


def _network_hash(request: HttpRequest, *, now: dt.datetime) -> bytes:
    return _hashed("network", network_of(request), now=now)


def _hashed(kind: str, text: str, *, now: dt.datetime) -> bytes:
    secret = salt_of(now.astimezone(dt.UTC).date())
    return hmac.digest(secret, f"{kind} {text}".encode(), sha256)[:HASH_BYTES]


@lru_cache(maxsize=1)
def salt_of(day: dt.date) -> bytes:
    """The day's salt. A process remembers the latest one only."""
    return Salt.objects.of(day)


@cache
def _counters() -> Script:
    valkey = Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        # Once more, at once: a server that came back has closed the old connection.
        retry=Retry(NoBackoff(), 1),
    )
    return valkey.register_script(COUNTERS)


# Every counter of one press in one step, so that presses at once cannot pass together.
# Answers {seconds to wait, reason}; a voter who is counted on this ballot today passes again.
COUNTERS = f"""
local now = tonumber(ARGV[1])

local function take(key, burst, per_second)
  local kept = redis.call('HMGET', key, 'level', 'at')
  local level = tonumber(kept[1]) or burst
  local since = math.max(0, now - (tonumber(kept[2]) or now))
  level = math.min(burst, level + since * per_second)
  local is_taken = level >= 1
  if is_taken then level = level - 1 end
  redis.call('HSET', key, 'level', level, 'at', now)
  redis.call('EXPIRE', key, math.ceil(burst / per_second))
  return is_taken, (1 - level) / per_second
end

local is_let_in, wait = take(KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
if not is_let_in then return {{tostring(wait), 0}} end

local voter = ARGV[6]
if voter == '' or redis.call('SISMEMBER', KEYS[3], voter) == 1 then return {{0, 0}} end
if redis.call('SCARD', KEYS[3]) >= tonumber(ARGV[7]) then
  return {{0, {Reason.NETWORK_ON_TOOL.value}}}
end
if tonumber(redis.call('GET', KEYS[4]) or 0) >= tonumber(ARGV[8]) then
  return {{0, {Reason.VOTER_RATE.value}}}
end
if not take(KEYS[2], tonumber(ARGV[4]), tonumber(ARGV[5])) then
  return {{0, {Reason.NETWORK_RATE.value}}}
end

if redis.call('INCR', KEYS[4]) == 1 then redis.call('EXPIRE', KEYS[4], ARGV[9]) end
redis.call('SADD', KEYS[3], voter)
redis.call('EXPIRE', KEYS[3], ARGV[10])
return {{0, 0}}
"""
