"""Queries whose SQL is written once.

Django writes a query's SQL anew each time, which on a reader's page takes longer than Postgres
takes to answer. A `Prepared` query lets the ORM write it at its first use, and afterwards only
puts the values in (docs/decisions/prepared-queries.md).
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable, QuerySet
from django.db.models.sql.compiler import SQLCompiler

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
    """A query's SQL, and which of its parameters is which value."""

    def __init__(self, query: Callable[..., QuerySet[Any]], values: tuple[Any, ...]) -> None:
        stand_ins = [
            [_stand_in(each, at=f"{place}{index}") for index, each in enumerate(value, 10)]
            if isinstance(value, list)
            else _stand_in(value, at=f"{place}")
            for place, value in enumerate(values, 1)
        ]
        self.compiler: SQLCompiler = query(*stand_ins).query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.parameters = self.compiler.as_sql()
        known = {each: place for place, each in enumerate(_flat(stand_ins))}
        self.places = [known.get(parameter) for parameter in self.parameters]
        if set(known.values()) - set(self.places):
            raise ValueError(f"{query} keeps a value from the query, or changes it.")

    def rows(self, values: tuple[Any, ...]) -> list[Any]:
        given = list(_flat(values))
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # each thread has its own
        parameters = tuple(
            parameter if place is None else given[place]
            for parameter, place in zip(self.parameters, self.places, strict=True)
        )
        compiler.as_sql = lambda *args, **kwargs: (self.sql, parameters)  # type: ignore[method-assign]
        return list(ModelIterable(_Ready(compiler)))  # type: ignore[arg-type]


class _Ready:
    """What Django asks of a queryset whose rows it makes models of."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: SQLCompiler) -> None:
        self.query = self
        self.compiler = compiler

    def get_compiler(self, using: str) -> SQLCompiler:
        return self.compiler


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
