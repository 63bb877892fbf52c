import datetime as dt
import itertools
from decimal import Decimal

import pytest

from tools.models import PricePoint, Source, Tool
from tools.pricing import PriceList, PricingRead, money

numbers = itertools.count(1)
JUNE, AUGUST, OCTOBER = (dt.date(2026, month, 1) for month in (6, 8, 10))
AVOCET = Tool(pk=1, slug="avocet", name="Avocet", entry_price="Free", entry_kind="free-tier")
LOUPE = Tool(pk=2, slug="loupe", name="Loupe", entry_price="Free", entry_kind="open-weights")


def a_row(amount, *, label="Standard", unit="per 1M output tokens", on=JUNE, **fields):
    return PricePoint(
        pk=next(numbers),
        label=label,
        amount=None if amount is None else Decimal(amount),
        currency=fields.pop("currency", "USD"),
        unit=unit,
        effective_on=on,
        **fields,
    )


def a_list(*rows, tool=AVOCET):
    return PriceList(tool=tool, rows=rows)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("0.1", "USD", "$0.10"),
        ("0.075", "USD", "$0.075"),
        ("29.000000", "USD", "$29"),
        ("1234.5", "EUR", "€1,234.50"),
        ("12", "CZK", "12 CZK"),
        ("0", "USD", "$0"),
        (None, "USD", "on request"),
    ],
)
def test_amounts_read_like_a_price_list(amount, currency, words):
    assert money(None if amount is None else Decimal(amount), currency) == words


def test_the_current_price_is_the_latest_of_its_label_unit_and_currency():
    prices = a_list(a_row("0.48", on=JUNE), a_row("0.32", on=OCTOBER), a_row("0.40", on=AUGUST))
    [price] = prices.current
    assert (price.words, price.was) == ("$0.32", "$0.40")


def test_the_same_amount_again_is_no_change():
    prices = a_list(a_row("0.48", on=JUNE), a_row("0.48", on=AUGUST))
    assert prices.changes == ()
    assert prices.current[0].was == ""


def test_changes_come_newest_first_and_need_an_earlier_row_of_the_same_kind():
    prices = a_list(
        a_row("0.48", on=JUNE),
        a_row("0.40", on=AUGUST),
        a_row("0.32", on=OCTOBER),
        a_row("9", label="Other", on=OCTOBER),
    )
    assert [(change.was, change.now) for change in prices.changes] == [
        ("$0.40", "$0.32"),
        ("$0.48", "$0.40"),
    ]


def test_prices_are_checked_when_the_source_was_read():
    source = Source(read_on=OCTOBER)
    prices = a_list(
        a_row("1", source=source, on=JUNE),
        a_row("2", label="Seen", on=AUGUST),
        a_row("3", label="Announced", on=JUNE, basis="published"),
    )
    assert prices.checked_days == (AUGUST, OCTOBER)


def test_a_multiple_is_said_between_the_lowest_prices_of_one_unit():
    read = PricingRead(
        first=a_list(a_row("0.40"), a_row("0.32", label="Spot")),
        second=a_list(a_row("1.28", label="Hosted"), tool=LOUPE),
    )
    [multiple] = read.multiples
    assert multiple.sentence == (
        "Per 1M output tokens: Loupe (Hosted) costs 4 times Avocet (Spot)."
    )


@pytest.mark.parametrize(
    ("low", "high", "times"),
    [
        ("1", "2.5", "costs 2.5 times"),
        ("3", "4", "costs about 1.3 times"),
        ("1", "1.05", "costs 5% more than"),
        ("1", "1.001", "costs a little more than"),
        ("1", "40", "costs 40 times"),
    ],
)
def test_a_multiple_is_never_rounded_up_to_a_clean_one(low, high, times):
    read = PricingRead(first=a_list(a_row(low)), second=a_list(a_row(high), tool=LOUPE))
    assert read.multiples[0].times == times


@pytest.mark.parametrize(
    "other",
    [
        a_row("1", unit="per 1M input tokens"),
        a_row("1", currency="EUR"),
        a_row("1", label="Batch"),
        a_row("1", label="Cloud, cached"),
        a_row(None),
        a_row("0.10"),
    ],
)
def test_other_units_currencies_terms_and_requests_are_not_compared(other):
    read = PricingRead(first=a_list(a_row("0.10")), second=a_list(other, tool=LOUPE))
    assert read.multiples == ()


def test_free_against_paid_has_no_multiple():
    read = PricingRead(first=a_list(a_row("0")), second=a_list(a_row("2"), tool=LOUPE))
    assert read.multiples[0].sentence == (
        "Per 1M output tokens: Avocet (Standard) costs nothing; Loupe (Standard) costs $2."
    )


def test_the_read_opens_with_the_way_in():
    read = PricingRead(first=a_list(), second=a_list(tool=LOUPE))
    assert read.sentence == (
        "Both cost nothing to start: Avocet (free tier) and Loupe (open weights)."
    )


def test_a_price_on_request_is_never_nothing():
    asked = Tool(
        pk=3, slug="c", name="Tidewrack", entry_price="On request", entry_kind="on-request"
    )
    prices = a_list(a_row(None), tool=asked)
    assert prices.current[0].words == "on request"
    assert prices.entry_words == "On request"
    read = PricingRead(first=a_list(), second=prices)
    assert read.sentence == (
        "Avocet costs nothing to start (free tier); Tidewrack names its price on request."
    )


def test_units_that_both_have_stand_first():
    read = PricingRead(
        first=a_list(a_row("1", unit="per month"), a_row("2")),
        second=a_list(a_row("3"), tool=LOUPE),
    )
    assert [row.unit.unit for row in read.rows] == ["per 1M output tokens", "per month"]
