"""When a staff member must sign in again."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

LONGEST = dt.timedelta(hours=12)
LONGEST_IDLE = dt.timedelta(hours=2)
# How precisely idleness is kept: one write to the session a minute at most.
PRECISION = dt.timedelta(minutes=1)


def is_over(session: SessionBase, *, now: dt.datetime) -> bool:
    """Signed in too long ago, or nothing done for too long. Notes that `now` something is done."""
    second = int(now.timestamp())
    began = session.setdefault("began", second)
    seen = session.setdefault("seen", second)
    if second - began > LONGEST.total_seconds() or second - seen > LONGEST_IDLE.total_seconds():
        return True
    if second - seen > PRECISION.total_seconds():
        session["seen"] = second
    return False


def client_address(request: HttpRequest) -> str:
    """Where a request comes from, believing as many proxies as TRUSTED_PROXIES says."""
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    forwarded = [hop.strip() for hop in hops if hop.strip()]
    believed = forwarded[-settings.TRUSTED_PROXIES :] if settings.TRUSTED_PROXIES else []
    return believed[0] if believed else str(request.META["REMOTE_ADDR"])
