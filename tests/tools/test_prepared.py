"""Queries whose SQL is written once give the same rows as the queries they are made of."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.factories import NOW, TODAY, make_category, make_comparison, make_price, make_tool
from tools.models import Category, Comparison, PricePoint, Tool
from tools.prepared import Prepared

pytestmark = pytest.mark.django_db


def prices(tool_ids: list[int], day: dt.date) -> QuerySet[PricePoint]:
    return PricePoint.objects.of_tools(tool_ids).effective(on=day).with_source()


def test_it_finds_what_the_query_finds_whatever_the_values() -> None:
    one, other, third = make_tool(), make_tool(), make_tool()
    for tool in (one, other, third):
        make_price(tool)
        make_price(tool, effective_on=TODAY + dt.timedelta(days=1))
    find = Prepared(prices)

    for ids in ([one.pk], [third.pk], [one.pk, other.pk], [other.pk, third.pk], [one.pk, one.pk]):
        for day in (TODAY, TODAY + dt.timedelta(days=1)):
            assert find(ids, day) == list(prices(ids, day))
    assert len(find([one.pk, other.pk], TODAY)) == 2


def test_moments_words_and_related_rows_are_found_too(django_assert_num_queries) -> None:
    pair = make_comparison(make_tool("a"), make_tool("b"))
    find = Prepared(
        lambda now, slugs: (
            Comparison.objects.published(now=now).filter(first__slug__in=slugs).with_tools()
        )
    )

    assert find(NOW - dt.timedelta(days=3), ["a"]) == []
    with django_assert_num_queries(1):
        [found] = find(NOW, ["a"])
        assert found == pair
        assert found.second.category == pair.second.category


def test_what_a_row_does_not_have_is_none(django_assert_num_queries) -> None:
    make_price(tool := make_tool())
    [found] = Prepared(prices)([tool.pk], TODAY)
    with django_assert_num_queries(0):
        assert found.source is None


def test_what_was_left_out_is_read_when_asked_for(django_assert_num_queries) -> None:
    tool = make_tool(maker="Corvid Labs")
    [found] = Prepared(lambda ids: Tool.objects.filter(pk__in=ids).only("name"))([tool.pk])
    with django_assert_num_queries(0):
        assert found.name == tool.name
    with django_assert_num_queries(1):
        assert found.maker == "Corvid Labs"


def test_sorting_stays() -> None:
    first, second = make_tool("b", name="A"), make_tool("a", name="B")
    find = Prepared(lambda category: Tool.objects.filter(category=category).by_name())
    assert find(make_category().pk) == [first, second]


def test_an_empty_list_finds_nothing_and_asks_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert Prepared(prices)([], TODAY) == []


def test_the_sql_is_written_once() -> None:
    written = []

    def query(tool_ids: list[int]) -> QuerySet[Tool]:
        written.append(tool_ids)
        return Tool.objects.filter(pk__in=tool_ids)

    find = Prepared(query)
    for number in range(3):
        find([number])
    assert len(written) == 1


def test_a_value_that_the_function_changes_is_refused() -> None:
    find = Prepared(lambda day: PricePoint.objects.effective(on=day + dt.timedelta(days=1)))
    with pytest.raises(ValueError, match="changes"):
        find(TODAY)


def test_what_is_computed_beside_the_models_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        Prepared(lambda: Category.objects.with_tool_counts())()


def test_a_value_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError):
        Prepared(lambda tool: PricePoint.objects.filter(tool=tool))(make_tool())


@pytest.mark.django_db(transaction=True)
def test_every_thread_uses_its_own_connection() -> None:
    tool = make_tool()
    find = Prepared(lambda ids: Tool.objects.filter(pk__in=ids))
    found = [find([tool.pk])]

    def elsewhere() -> None:
        try:
            found.append(find([tool.pk]))
        finally:
            connection.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [[tool], [tool]]


def test_postgres_plans_it_once_for_all_values() -> None:
    find = Prepared(prices)
    for number in range(6):
        find([number + 1], TODAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(generic_plans) > 0, sum(custom_plans) FROM pg_prepared_statements"
            " WHERE statement LIKE '%%tools_pricepoint%%'"
        )
        assert cursor.fetchone() == (True, 0)
