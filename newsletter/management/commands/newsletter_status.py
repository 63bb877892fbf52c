"""The books of the latest issue."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from newsletter import watch
from newsletter.message_keys import mail_domain, message_key
from newsletter.models import Books, Issue, Switch

HELP = """\
Show the books of the latest issue: its readers, and where each of their mails stands.

A mail is ambiguous when a worker or the relay ended at the one moment at which nobody can know
whether it was taken. They are listed, by reader and Message-ID, to be looked up at the relay.

examples:
  manage.py newsletter_status
  manage.py newsletter_status --json
  manage.py newsletter_status --adopt-database   accept a restored or moved database as ours

exit codes: 0 all is well; 1 a person is wanted, and the last line says why
"""
COLUMNS = (
    "audience",
    "pending",
    "claimed",
    "deferred",
    "sent",
    "failed",
    "suppressed",
    "ambiguous",
)


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts")
        parser.add_argument(
            "--adopt-database",
            action="store_true",
            help="accept a restored or moved database; issues that were held for it go on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["adopt_database"]:
            resumed = watch.adopt_database(now=now)
            if not options["json"]:
                self.stdout.write("The database is adopted.")
                for issue in resumed:
                    self.stdout.write(f"{issue} goes on.")
        latest = Issue.objects.latest_begun() or Issue.objects.newest_first().first()
        books = latest.books(now=now) if latest else None
        doubts = ambiguous_of(latest) if latest else []
        trouble = trouble_with(latest, books)
        if options["json"]:
            self.stdout.write(json.dumps(report(latest, books, doubts, trouble), indent=2))
        else:
            self.show(latest, books, doubts)
        if trouble:
            raise CommandError(trouble)

    def show(self, issue: Issue | None, books: Books | None, doubts: list[dict[str, Any]]) -> None:
        if issue is None or books is None:
            self.stdout.write("There is no issue yet.")
            return
        self.stdout.write(f"{issue}: {issue.get_state_display()}")
        for name in COLUMNS:
            self.stdout.write(f"  {name:<10} {getattr(books, name):>9,}")
        for doubt in doubts:
            self.stdout.write(
                f"  ambiguous: reader {doubt['reader']}, {doubt['message_id']}, {doubt['reply']}"
            )


def ambiguous_of(issue: Issue) -> list[dict[str, Any]]:
    """Readers by number: this is for terminals and logs, where addresses have no place."""
    return [
        {
            "reader": reader,
            "message_id": f"<{message_key(issue_id=issue.pk, subscriber_id=reader)}"
            f"@{mail_domain()}>",
            "reply": reply,
        }
        for reader, reply in issue.deliveries.ambiguous()
        .order_by("subscriber")
        .values_list("subscriber", "reply")
    ]


def trouble_with(issue: Issue | None, books: Books | None) -> str:
    """Why a person is wanted, or ''."""
    now = timezone.now()
    switch = Switch.load(now=now)
    if not switch.is_at_home:
        return watch.MOVED
    if switch.stop:
        return "All sending is stopped by the switch in the admin."
    if issue is None or books is None:
        return ""
    if issue.state in {Issue.State.PAUSED, Issue.State.HELD}:
        return f"{issue} is {issue.state}: {issue.reason}"
    if issue.is_frozen and not books.balance:
        return "The books do not balance. Please report it: this must never happen."
    if issue.state == Issue.State.SENDING and watch.is_stalled(issue, now=now) and books.pending:
        return f"{issue} waits to be sent and no worker sends it."
    return ""


def report(
    issue: Issue | None, books: Books | None, doubts: list[dict[str, Any]], trouble: str
) -> dict[str, Any]:
    if issue is None or books is None:
        return {"issue": None, "trouble": trouble}
    return {
        "issue": {
            "date": issue.slot_on.isoformat(),
            "state": issue.state,
            "reason": issue.reason,
            "subject": issue.subject,
        },
        "books": {name: getattr(books, name) for name in COLUMNS},
        "balance": books.balance or not issue.is_frozen,
        "ambiguous": doubts,
        "trouble": trouble,
    }
