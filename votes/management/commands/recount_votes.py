"""Proves that every tally equals a recount of the votes."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from votes import recount


class Command(BaseCommand):
    help = (
        "Prove that every tally equals a recount of the votes. Says nothing and exits with 0 when "
        "it does; else lists the differences and exits with 1.\n\n"
        "Example: manage.py recount_votes --rebuild"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="list the differences, then set every tally to what its votes say",
        )

    def handle(self, *, rebuild: bool, **options: Any) -> None:
        found = recount.differences()
        for line in found:
            self.stdout.write(line)
        if rebuild:
            recount.rebuild(actor="recount_votes --rebuild", now=timezone.now())
        elif found:
            sys.exit(1)
