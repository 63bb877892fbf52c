"""A database for runs outside pytest, and the clearing of committed rows within it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.newsletter.invariants import assert_invariants


@contextmanager
def committed_rows() -> Iterator[None]:
    """Commits are real. Afterwards the invariants hold, and what was committed is gone."""
    from django.db import connection

    try:
        yield
        assert_invariants()
    finally:
        with connection.cursor() as cursor:
            history = [
                table
                for table in connection.introspection.table_names(cursor)
                if "_historical" in table
            ]
            cursor.execute(
                "truncate newsletter_issue, newsletter_subscriber, newsletter_suppression,"
                " newsletter_mailevent, newsletter_receiverpause, newsletter_quietweek,"
                f" tools_category, tools_source, {', '.join(history)} cascade"
            )
            cursor.execute("update newsletter_switch set stop = false")
        connection.close()


@contextmanager
def own_database() -> Iterator[None]:
    """Servers of this run's own, as the tests have them, with a migrated test database."""
    from tests import servers  # starts them

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")
    import django
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    django.setup()
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(databases, verbosity=0)
        servers.lease.give_back()
