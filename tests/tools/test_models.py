import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.factories import NOW, make_comparison, make_price, make_tool
from tools.models import Comparison, FormerSlug, Tool, pair_slug

pytestmark = pytest.mark.django_db


def refused(constraint):
    return pytest.raises(IntegrityError, match=constraint)


@pytest.mark.parametrize("slug", ["Avocet", "a--b", "-a", "a b", ""])
def test_a_slug_is_lower_case_words_and_single_hyphens(slug):
    tool = make_tool("avocet")
    with refused("tool_slug_is_a_slug"), transaction.atomic():
        Tool.objects.filter(pk=tool.pk).update(slug=slug)


@pytest.mark.parametrize("slug", ["a-vs-b", "vs-a", "a-vs"])
def test_a_tools_slug_never_holds_what_separates_a_pair(slug):
    with refused("tool_slug_never_contains_vs"), transaction.atomic():
        make_tool(slug)


def test_a_pair_exists_once_in_any_order():
    comparison = make_comparison()
    with refused("pair_exists_once_in_any_order"), transaction.atomic():
        make_comparison(comparison.second, comparison.first)


def test_a_tool_is_never_compared_with_itself():
    tool = make_tool()
    with refused("comparison_is_of_two_tools"), transaction.atomic():
        make_comparison(tool, tool)


def test_a_tool_never_replaces_itself():
    tool = make_tool()
    with refused("tool_is_not_replaced_by_itself"), transaction.atomic():
        Tool.objects.filter(pk=tool.pk).update(replaced_by=tool)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": "-1"}, "price_amount_is_never_negative"),
        ({"currency": "usd"}, "price_currency_is_three_capitals"),
        ({"unit": "a month"}, "price_unit_begins_with_per"),
        ({"basis": "rumoured"}, "price_basis_is_published_or_observed"),
    ],
)
def test_a_price_row_makes_sense(fields, constraint):
    with refused(constraint), transaction.atomic():
        make_price(make_tool(), **fields)


def test_a_price_is_set_once_a_day_per_label_and_unit():
    price = make_price(make_tool())
    with refused("price_of_a_label_and_unit_is_set_once_a_day"), transaction.atomic():
        make_price(price.tool, "0.20")


def test_a_price_row_is_never_changed():
    price = make_price(make_tool())
    price.amount = 2
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        price.save()


def test_a_former_slug_leads_to_the_tool_that_left_it():
    tool = make_tool("avocet")
    tool.rename_slug("avocet-lite")
    assert Tool.objects.by_any_slug(["avocet", "avocet-lite", "nothing"]) == {
        "avocet": tool,
        "avocet-lite": tool,
    }


def test_a_tool_may_take_its_old_slug_back():
    tool = make_tool("avocet")
    tool.rename_slug("avocet-lite")
    tool.rename_slug("avocet")
    assert [former.slug for former in FormerSlug.objects.all()] == ["avocet-lite"]


def test_a_changed_slug_moves_the_address_and_keeps_the_pair():
    comparison = make_comparison(make_tool("avocet"), make_tool("loupe"))
    comparison.first.rename_slug("zebra")
    comparison.refresh_from_db()
    assert comparison.slug == "loupe-vs-zebra"
    assert [tool.slug for tool in comparison.pair] == ["loupe", "zebra"]


def test_the_lower_slug_stands_first_in_byte_order():
    assert pair_slug(Tool(slug="b10"), Tool(slug="b-1")) == "b-1-vs-b10"


def test_a_comparison_appears_at_its_minute_without_a_job():
    comparison = make_comparison(publish_at=NOW)
    before, at = NOW - dt.timedelta(seconds=1), NOW
    assert not Comparison.objects.published(now=before).exists()
    assert Comparison.objects.published(now=at).get() == comparison
    assert (comparison.is_published(now=before), comparison.is_published(now=at)) == (False, True)


def test_a_comparison_of_a_draft_tool_is_not_published():
    comparison = make_comparison(make_tool(is_published=False))
    assert not Comparison.objects.published(now=NOW).exists()
    assert not comparison.is_published(now=NOW)
