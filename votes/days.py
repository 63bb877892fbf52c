"""The days of the ballot box: UTC's, as the database counts them, whatever the site's clock."""

from __future__ import annotations

import datetime as dt


def start_of_day(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
