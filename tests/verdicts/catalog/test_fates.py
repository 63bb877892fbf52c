"""Dated rows: what is added, what is unchanged, what cannot be."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.catalog.fates import Fate, fates

ADDED, UNCHANGED, CLASH = Fate.ADDED, Fate.UNCHANGED, Fate.CLASH


def day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number)


def fates_of(written: list[tuple[int, str]], kept: dict[int, str]) -> list[Fate]:
    return fates(
        [(day(number), content) for number, content in written],
        {day(number): content for number, content in kept.items()},
    )


@pytest.mark.parametrize(
    ("written", "kept", "expected"),
    [
        pytest.param([(5, "10")], {}, [ADDED], id="the first one"),
        pytest.param([(5, "10")], {5: "10"}, [UNCHANGED], id="the same again"),
        pytest.param([(9, "10")], {5: "10"}, [UNCHANGED], id="the same of a later day"),
        pytest.param([(2, "10")], {5: "10"}, [UNCHANGED], id="the same of an earlier day"),
        pytest.param([(9, "12")], {5: "10"}, [ADDED], id="a change"),
        pytest.param([(2, "12")], {5: "10"}, [ADDED], id="a change found out later"),
        pytest.param([(5, "12")], {5: "10"}, [CLASH], id="a second change on one day"),
        pytest.param([(9, "10")], {1: "10", 5: "12"}, [ADDED], id="back to the old price"),
        pytest.param([(1, "10")], {1: "10", 5: "12"}, [UNCHANGED], id="an old file again"),
        pytest.param([(1, "10"), (5, "12")], {}, [ADDED, ADDED], id="a history"),
        pytest.param([(5, "12"), (1, "10")], {}, [ADDED, ADDED], id="in any order"),
        pytest.param([(1, "10"), (5, "10")], {}, [ADDED, ADDED], id="seen twice, and said so"),
        pytest.param([(1, "10"), (5, "12")], {1: "10"}, [UNCHANGED, ADDED], id="one more row"),
        pytest.param(
            [(1, "10"), (5, "12"), (9, "10")],
            {1: "10"},
            [UNCHANGED, ADDED, ADDED],
            id="there and back",
        ),
    ],
)
def test_fates(written, kept, expected):
    assert fates_of(written, kept) == expected


days = st.integers(0, 8)
contents = st.sampled_from(["10", "12", "15"])
rows = st.dictionaries(days, contents, max_size=6)


@given(written=rows, kept=rows)
def test_importing_again_changes_nothing(written, kept):
    rows = list(written.items())
    first = fates_of(rows, kept)
    after = kept | {
        number: content
        for (number, content), fate in zip(rows, first, strict=True)
        if fate is ADDED
    }

    second = fates_of(rows, after)

    assert ADDED not in second


@given(written=rows)
def test_an_empty_database_takes_a_history_as_it_is(written):
    assert set(fates_of(list(written.items()), {})) <= {ADDED}


@given(written=rows, kept=rows)
def test_a_kept_row_is_never_replaced(written, kept):
    rows = list(written.items())
    for (number, _), fate in zip(rows, fates_of(rows, kept), strict=True):
        assert fate is not ADDED or number not in kept
