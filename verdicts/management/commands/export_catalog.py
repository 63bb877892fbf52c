"""Write the catalogue to a file."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tools.models import Tool
from verdicts.catalog.reading import MOST_BYTES
from verdicts.catalog.writing import written


class Command(BaseCommand):
    help = """Write the whole catalogue as a catalogue file.

Tools with all their prices and former addresses, reviews with their history, comparisons,
sources, drafts and what is scheduled. Imported into an empty database it gives the same site.
Without FILE it is printed.

Example:
  uv run manage.py export_catalog catalog.yaml
"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="where to write it")

    def handle(self, *, file: str | None, **options: Any) -> None:
        if not Tool.objects.exists():
            raise CommandError("There is no tool in the catalogue, so there is nothing to export.")
        content = "\n".join([*written(), ""])
        if file is None:
            self.stdout.write(content, ending="")
        else:
            try:
                Path(file).write_text(content, encoding="utf-8", newline="\n")
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}") from error
        if (size := len(content.encode())) > MOST_BYTES:
            self.stderr.write(
                f"Note: these are {size:,} bytes; import_catalog takes {MOST_BYTES:,} a file."
            )
