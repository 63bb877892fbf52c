"""Queries whose SQL is written once.

Django writes a query's SQL anew each time, which on a reader's page takes longer than Postgres
takes to answer. A `Prepared` query lets the ORM write it at its first use, and afterwards only
puts the values in (docs/decisions/prepared-queries.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import QuerySet

M = TypeVar("M", bound=models.Model)

# Values that no row has: they find each argument's places among the parameters.
FAR_NUMBER = -2_000_000_000
FAR_DAY = dt.date(9990, 1, 1)
FAR_MOMENT = dt.datetime(9990, 1, 1, tzinfo=dt.UTC)


class Prepared(Generic[M]):
    """Is called like the function that it is made of, and gives the rows as a list.

    The values are numbers, words, days, moments, or lists of numbers or of words; an empty list
    finds nothing. The function hands them to the query and does nothing else with them: what it
    would make of one of them could not be put in later. Raises ValueError where it does.
    """

    def __init__(self, query: Callable[..., QuerySet[M]]) -> None:
        self.query = query
        # The SQL differs with the length of a list.
        self.written: dict[tuple[int, ...], Written] = {}

    def __call__(self, *values: Any) -> list[M]:
        lengths = tuple(len(value) for value in values if isinstance(value, list))
        if 0 in lengths:
            return []
        if lengths not in self.written:
            self.written[lengths] = Written(self.query, values)
        return self.written[lengths].rows(values)


class Written:
    """A query's SQL, which of its parameters is which value, and what its columns make."""

    def __init__(self, query: Callable[..., QuerySet[Any]], values: tuple[Any, ...]) -> None:
        stand_ins = [
            [_stand_in(each, at=f"{place}{index}") for index, each in enumerate(value, 10)]
            if isinstance(value, list)
            else _stand_in(value, at=f"{place}")
            for place, value in enumerate(values, 1)
        ]
        compiler = query(*stand_ins).query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.parameters = compiler.as_sql()
        known = {each: place for place, each in enumerate(_flat(stand_ins))}
        self.places = [known.get(parameter) for parameter in self.parameters]
        if set(known.values()) - set(self.places):
            raise ValueError(f"{query} keeps a value from the query, or changes it.")
        columns = [column for column, *_ in compiler.select]
        if compiler.annotation_col_map or compiler.get_converters(columns):
            raise ValueError(f"{query} asks for more than its models' columns as they are.")
        self.part = Part(compiler.klass_info, columns)

    def rows(self, values: tuple[Any, ...]) -> list[Any]:
        given = list(_flat(values))
        parameters = [
            parameter if place is None else given[place]
            for parameter, place in zip(self.parameters, self.places, strict=True)
        ]
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(self.sql, parameters)
            return [self.part.model_of(row) for row in cursor.fetchall()]


class Part:
    """The columns of a row that make one model, and the parts for those that are read along."""

    def __init__(self, plan: dict[str, Any], columns: list[Any]) -> None:
        places = plan["select_fields"]
        self.model: type[models.Model] = plan["model"]
        self.columns = slice(places[0], places[-1] + 1)
        self.names = [column.target.attname for column in columns[self.columns]]
        self.key = places[self.names.index(self.model._meta.pk.attname)]
        self.along = [
            (each["local_setter"], Part(each, columns))
            for each in plan.get("related_klass_infos", [])
        ]

    def model_of(self, row: tuple[Any, ...]) -> models.Model | None:
        if row[self.key] is None:
            return None
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])
        for put, part in self.along:
            put(made, part.model_of(row))
        return made


def _stand_in(value: Any, *, at: str) -> Any:
    match value:
        case int():
            return FAR_NUMBER - int(at)
        case str():
            return f"stand-in {at}"
        case dt.datetime():
            return FAR_MOMENT + dt.timedelta(days=int(at))
        case dt.date():
            return FAR_DAY + dt.timedelta(days=int(at))
    raise TypeError(f"{value!r} cannot be put into a prepared query.")


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
