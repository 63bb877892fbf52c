#!/usr/bin/env python
"""Runs a command of the site; see `manage.py help`."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

# They talk to no server, or start their own.
WITHOUT_SERVERS = {
    "help",
    "version",
    "check",
    "collectstatic",
    "findstatic",
    "diffsettings",
    "startapp",
    "demo",
}


def main() -> None:
    if sys.argv[1:2] == ["demo"]:
        keep_bytecode()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError

    with servers_for(sys.argv[1:]):
        try:
            execute_from_command_line(sys.argv)
        except ProgrammingError:
            if not waits_for_migrate():
                raise
            sys.exit("The database lacks tables that this needs: run manage.py migrate first.")


def keep_bytecode() -> None:
    """Under `var/`, where the environment lets Python keep none beside the sources.

    The demo's programs import the same modules: each would compile all of them at every start.
    """
    if sys.dont_write_bytecode:
        kept = Path(os.environ.get("VAR_DIR", Path(__file__).parent / "var"), "bytecode").resolve()
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(kept)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(kept)


def servers_for(arguments: list[str]) -> AbstractContextManager[object]:
    """The embedded servers for as long as the command runs, if it needs them."""
    if not arguments or arguments[0] in WITHOUT_SERVERS or {"-h", "--help"} & set(arguments):
        return nullcontext()
    if arguments[0].startswith("-"):
        return nullcontext()

    from django.conf import settings

    if settings.IS_PRODUCTION:
        return nullcontext()

    from verdicts import embedded

    try:
        return embedded.attach(settings.VAR_DIR)
    except embedded.CannotStartError as error:
        sys.exit(f"The embedded servers cannot start: {error}.")


def waits_for_migrate() -> bool:
    """Whether the database is empty, or older than this code."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


if __name__ == "__main__":
    main()
