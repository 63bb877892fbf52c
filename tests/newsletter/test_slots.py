import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from newsletter.slots import last_slot_week, monday_of, slot_day, slot_of


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    settings.NEWSLETTER_WEEKDAY, settings.NEWSLETTER_HOUR = "sunday", 9


def utc(year, month, day, hour):
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def test_a_week_is_named_by_its_monday():
    assert monday_of(dt.date(2026, 11, 22)) == dt.date(2026, 11, 16)
    assert slot_day(dt.date(2026, 11, 16)) == dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("monday", "slot"),
    [
        (dt.date(2026, 10, 12), utc(2026, 10, 18, 7)),  # summer time
        (dt.date(2026, 10, 19), utc(2026, 10, 25, 8)),  # the clock went back that night
        (dt.date(2027, 3, 15), utc(2027, 3, 21, 8)),
        (dt.date(2027, 3, 22), utc(2027, 3, 28, 7)),  # the clock went forward that night
    ],
)
def test_the_slot_is_nine_on_the_wall_clock_across_both_changes(monday, slot):
    assert slot_of(monday) == slot


def test_an_hour_that_spring_skips_is_the_next_one(settings):
    settings.NEWSLETTER_HOUR = 2
    assert slot_of(dt.date(2027, 3, 22)) == utc(2027, 3, 28, 1)  # 03:00 on the wall


def test_an_hour_that_autumn_shows_twice_is_the_first(settings):
    settings.NEWSLETTER_HOUR = 2
    assert slot_of(dt.date(2026, 10, 19)) == utc(2026, 10, 25, 0)


@pytest.mark.parametrize("hour", [0, 2, 9])
def test_every_week_of_two_years_has_one_slot_that_a_minute_tick_meets(settings, hour):
    settings.NEWSLETTER_HOUR = hour
    met: list[dt.date] = []
    now = utc(2026, 1, 1, 0)
    while now < utc(2028, 1, 1, 0):
        week = last_slot_week(now)
        if not met or met[-1] != week:
            met.append(week)
        now += dt.timedelta(minutes=20)
    assert met == sorted(set(met))
    assert {later - earlier for earlier, later in pairwise(met)} == {dt.timedelta(days=7)}


def test_the_latest_week_is_the_last_one_until_its_slot_has_come():
    slot = slot_of(dt.date(2026, 11, 16))
    assert last_slot_week(slot - dt.timedelta(minutes=1)) == dt.date(2026, 11, 9)
    assert last_slot_week(slot) == dt.date(2026, 11, 16)
    assert slot.astimezone(ZoneInfo("Europe/Berlin")).hour == 9
