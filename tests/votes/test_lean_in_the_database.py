"""The rule of the readers' lean is kept twice: to be read in Python, to be kept in the database."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from votes.shares import lean_after

pytestmark = pytest.mark.django_db


def in_database(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@pytest.mark.parametrize("lean", ["", "ship", "skip"])
def test_both_keep_the_same_lean_at_every_small_count(lean):
    rows = in_database(
        "SELECT ships, skips, votes_lean_after(%s, ships, skips) "
        "FROM generate_series(0, 90) AS ships, generate_series(0, 90) AS skips",
        lean,
    )
    assert len(rows) == 91 * 91
    for ships, skips, kept in rows:
        assert kept == lean_after(lean, ships=ships, skips=skips), (ships, skips)


@pytest.mark.parametrize("votes", [500, 1_000, 5_000, 20_000])
def test_both_begin_and_end_a_lean_at_the_same_large_count(votes):
    for lean in ("", "skip"):
        rows = in_database(
            "SELECT ships, votes_lean_after(%s, ships::int, %s::int - ships::int) "
            "FROM generate_series(%s::int, %s::int, %s::int) AS ships",
            lean,
            votes,
            votes * 2 // 5,
            votes // 2,
            max(1, votes // 1_000),
        )
        kept = {lean for _, lean in rows}
        assert kept == {"", "skip"}
        for ships, in_sql in rows:
            assert in_sql == lean_after(lean, ships=ships, skips=votes - ships), (ships, votes)


@given(st.lists(st.sampled_from([1, -1]), max_size=120))
@settings(max_examples=40)
def test_a_rebuild_in_vote_order_ends_where_the_votes_did(choices):
    lean, ships, skips = "", 0, 0
    for choice in choices:
        ships += choice == 1
        skips += choice == -1
        lean = lean_after(lean, ships=ships, skips=skips)
    [(rebuilt,)] = in_database(
        "SELECT votes_lean(choice ORDER BY at) "
        "FROM unnest(%s::int[]) WITH ORDINALITY AS cast_votes(choice, at)",
        choices,
    )
    assert (rebuilt or "") == lean
