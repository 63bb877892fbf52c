"""Synthetic data at scale."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.growth import grow_subscribers, holds_real_subscribers
from verdicts.growth import grow_tools, grown_tools, holds_real_data
from votes.growth import grow_votes

MOST = 20_000_000


class Command(BaseCommand):
    help = """Add synthetic data for benchmarks, by COPY and with progress.

Tools come with prices, a panel and comparisons; their slugs begin with grown-. Votes go to grown
tools, most of them to few. Subscribers have addresses at example.org and its like. On a database
that holds tools or readers of any other kind it refuses to run unless it is told --yes, since
nothing takes the synthetic rows out again.

Example:
  uv run manage.py grow_catalog --tools 20000 --votes 1000000 --subscribers 1000000
"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tools", type=whole_number, default=0, metavar="N")
        parser.add_argument("--votes", type=whole_number, default=0, metavar="N")
        parser.add_argument("--subscribers", type=whole_number, default=0, metavar="N")
        parser.add_argument(
            "--yes", action="store_true", help="also on a database that holds real data"
        )

    def handle(
        self, *, tools: int, votes: int, subscribers: int, yes: bool, **options: Any
    ) -> None:
        if not tools and not votes and not subscribers:
            raise CommandError(
                "Nothing to grow. Say how much: --tools N, --votes N, --subscribers N"
            )
        if (holds_real_data() or holds_real_subscribers()) and not yes:
            raise CommandError(
                "This database holds data that was not grown. Add --yes to grow on top of it."
            )
        if tools:
            grow_tools(tools, now=timezone.now(), progress=self.progress)
        if votes:
            ids = list(grown_tools().values_list("pk", flat=True))
            if not ids:
                raise CommandError("There is no grown tool to vote on. Add --tools N.")
            grow_votes(votes, tool_ids=ids, now=timezone.now(), progress=self.progress)
        if subscribers:
            grow_subscribers(subscribers, now=timezone.now(), progress=self.progress)
        self.stdout.write(f"Grown: {tools:,} tools, {votes:,} votes, {subscribers:,} subscribers.")

    def progress(self, what: str, done: int, count: int) -> None:
        self.stderr.write(f"{what}: {done:,} of {count:,}")


def whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise ArgumentTypeError(f"{text} is not a whole number up to {MOST:,}")
    return int(text)
