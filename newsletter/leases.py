"""Who holds what of the queue, and what becomes of it when they are gone.

A worker's sign of life is the advisory lock of its slot, held by a session of its own: it ends
with the session, however that ends. A lease whose slot is free again is settled by its cursor.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from django.db import connection as django_connection

from newsletter.models import Delivery

# The first half of every advisory lock here; the second is the slot. ('lett')
LOCKS = 0x6C657474

State = Delivery.State


def own_session() -> psycopg.Connection[Any]:
    """A direct session on the site's database that commits each statement for certain."""
    parameters = django_connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    connection = psycopg.connect(
        **parameters
        | {
            "autocommit": True,
            "application_name": "verdicts newsletter",
            # A session whose worker's host is gone must end, and its lock with it.
            "keepalives": 1,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        }
    )
    connection.execute("set synchronous_commit = on")
    return connection


def try_lock(connection: psycopg.Connection[Any], slot: int) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s, %s)", [LOCKS, slot]).fetchone()
    return bool(row and row[0])


def slots_in_use() -> int:
    """How many workers hold a slot at this moment, read from the locks themselves."""
    with django_connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and classid = %s"
            " and objsubid = 2 and granted and database ="
            " (select oid from pg_database where datname = current_database())",
            [LOCKS],
        )
        return int(cursor.fetchone()[0])


def recover(connection: psycopg.Connection[Any], *, now: dt.datetime) -> int:
    """Settle the leases of workers that are gone; how many there were."""
    leases = connection.execute(
        "select id, slot from newsletter_lease where closed_at is null order by id"
    ).fetchall()
    recovered = 0
    for lease_id, slot in leases:
        if try_lock(connection, slot):
            recovered += recover_lease(connection, lease_id, now=now)
            connection.execute("select pg_advisory_unlock(%s, %s)", [LOCKS, slot])
    return recovered


def recover_lease(connection: psycopg.Connection[Any], lease_id: int, *, now: dt.datetime) -> bool:
    """Before the cursor was sent, at the cursor nobody knows, behind it nothing was.

    Whoever calls holds the slot's lock, so that its owner is gone.
    """
    with connection.transaction():
        lease = connection.execute(
            "update newsletter_lease set closed_at = %s where id = %s and closed_at is null"
            " returning pos",
            [now, lease_id],
        ).fetchone()
        if lease is None:
            return False
        connection.execute(
            f"update newsletter_delivery set state = {State.AMBIGUOUS},"
            " reply = 'Its worker ended while the mail was handed over.'"
            f" where lease_id = %s and state = {State.CLAIMED} and subscriber_id = %s",
            [lease_id, lease[0]],
        )
        settle_rows(connection, lease_id, sent_up_to=lease[0], now=now)
    return True


def settle_rows(
    connection: psycopg.Connection[Any], lease_id: int, *, sent_up_to: int, now: dt.datetime
) -> None:
    connection.execute(
        f"update newsletter_delivery set state = {State.SENT}, sent_at = %s, smtp_code = 250"
        f" where lease_id = %s and state = {State.CLAIMED} and subscriber_id <= %s",
        [now, lease_id, sent_up_to],
    )
    connection.execute(
        f"update newsletter_delivery set state = {State.PENDING}, lease_id = null"
        f" where lease_id = %s and state = {State.CLAIMED}",
        [lease_id],
    )
