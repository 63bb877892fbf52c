"""The week of the tests, and something to say in it."""

import datetime as dt

from newsletter.slots import slot_of
from tests.factories import MONDAY, make_category, make_comparison, make_panel, make_tool

SLOT = slot_of(MONDAY)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


def publish(at=SLOT - DAY, category=None, **fields):
    category = category or make_category()
    first, second = make_tool(category=category), make_tool(category=category)
    make_panel(first, ships=4, written_on=at.date())
    make_panel(second, ships=1, written_on=at.date())
    return make_comparison(first, second, publish_at=at, **fields)
