"""Import catalogue files."""

from __future__ import annotations

import os
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verdicts.catalog.fates import Fate
from verdicts.catalog.importing import CatalogFile, changes_of, import_catalog
from verdicts.catalog.problems import CatalogError
from verdicts.catalog.reading import MOST_BYTES


class Command(BaseCommand):
    help = """Import catalogue files: all of them or nothing.

Categories, tools, prices, reviews, comparisons and sources are added or changed as the files
say. Importing the same file again changes nothing; a changed price or verdict becomes a new
dated row. When anything is wrong, every problem is listed with its place, nothing is changed
and the exit code is 1.

Example:
  uv run manage.py import_catalog --dry-run catalog.yaml
"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a catalogue file (YAML)")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )
        parser.add_argument(
            "--draft", action="store_true", help="leave new tools and comparisons as drafts"
        )

    def handle(
        self, *, files: list[str], dry_run: bool, draft: bool, verbosity: int, **options: Any
    ) -> None:
        work = changes_of if dry_run else import_catalog
        try:
            changes = work([opened(name) for name in files], now=timezone.now(), drafts=draft)
        except CatalogError as refused:
            raise CommandError(f"Nothing was imported.\n{refused}") from refused
        if dry_run or verbosity > 1:
            for row in (*changes.of(Fate.ADDED), *changes.of(Fate.CHANGED)):
                self.stdout.write(str(row))
        self.stdout.write(changes.summary)


def opened(name: str) -> CatalogFile:
    try:
        with open(name, "rb", opener=without_waiting) as file:
            return CatalogFile(name, file.read(MOST_BYTES + 1))
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def without_waiting(name: str, flags: int) -> int:
    """Open a pipe into which nobody writes as an empty file, and do not wait for ever."""
    opened = os.open(name, flags | os.O_NONBLOCK)
    os.set_blocking(opened, True)
    return opened
