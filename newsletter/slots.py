"""When an issue is due: one slot in every ISO week, on the wall clock of TIME_ZONE."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK = dt.timedelta(days=7)


def monday_of(day: dt.date) -> dt.date:
    """The Monday that names the day's ISO week."""
    return day - dt.timedelta(days=day.weekday())


def week_at(now: dt.datetime) -> dt.date:
    """The Monday of the week that it is now, on the local clock."""
    return monday_of(timezone.localdate(now))


def slot_day(monday: dt.date) -> dt.date:
    """The local date of the week's slot."""
    return monday + dt.timedelta(days=WEEKDAYS.index(settings.NEWSLETTER_WEEKDAY))


def slot_of(monday: dt.date) -> dt.datetime:
    """The week's slot, in UTC.

    An hour that the clock skips in spring is the next one; one that it shows twice in
    autumn is the first.
    """
    hour = dt.time(settings.NEWSLETTER_HOUR)
    local = dt.datetime.combine(slot_day(monday), hour, timezone.get_default_timezone())
    return local.astimezone(dt.UTC)


def last_slot_week(now: dt.datetime) -> dt.date:
    """The Monday of the latest week whose slot has come."""
    monday = week_at(now)
    return monday if slot_of(monday) <= now else monday - WEEK
