"""When a staff member must sign in again."""

from __future__ import annotations

import datetime as dt

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from votes.visitors import client_address

LONGEST = dt.timedelta(hours=12)
LONGEST_IDLE = dt.timedelta(hours=2)
# How long the log of log-ins, with its addresses, is kept; the privacy page says so.
LOG_KEPT_FOR = dt.timedelta(days=90)
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


def forget_old_log_ins(*, now: dt.datetime) -> None:
    """Drop the log of log-ins, right and wrong, and with it their addresses, when it is old."""
    for kind in (AccessLog, AccessFailureLog, AccessAttempt):
        kind.objects.filter(attempt_time__lt=now - LOG_KEPT_FOR).delete()


def forget_old_sessions() -> None:
    """Drop what sessions that are over left in the database."""
    SessionStore.clear_expired()


def signed_in_from(request: HttpRequest) -> str:
    """The address for the log of log-ins, by the rule that the votes go by."""
    return str(client_address(request))
