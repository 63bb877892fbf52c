"""The whole product on this machine."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from verdicts.demo.run import CannotRunError, run


class Command(BaseCommand):
    help = """Run the whole product on this machine: Postgres, Valkey, web, worker, beat, inbox.

Everything is kept under var/; the next start goes on where this one ended. Ctrl-C ends it all.

Example:
  uv run manage.py demo --port 8080
"""
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the site (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="to listen on (127.0.0.1)")
        parser.add_argument(
            "--empty",
            action="store_true",
            help="without the demo's content; counts at the first start only",
        )

    def handle(self, *, port: int, host: str, empty: bool, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("DATABASE_URL is set, and the demo keeps a database of its own.")
        try:
            asyncio.run(
                run(
                    var=settings.VAR_DIR,
                    host=host,
                    port=port,
                    is_empty=empty,
                )
            )
        except CannotRunError as error:
            raise CommandError(str(error)) from error
