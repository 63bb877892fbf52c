import datetime as dt
from zoneinfo import ZoneInfo

from votes.days import start_of_day


def test_a_day_begins_at_midnight_utc_wherever_it_is_asked():
    morning_in_auckland = dt.datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Pacific/Auckland"))
    assert start_of_day(morning_in_auckland) == dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
