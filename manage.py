#!/usr/bin/env python
"""Runs a command of the site; see `manage.py help`."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")
    from django.core.management import execute_from_command_line

    with servers_for(sys.argv[1:]):
        execute_from_command_line(sys.argv)


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


if __name__ == "__main__":
    main()
