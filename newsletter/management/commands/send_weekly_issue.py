"""Send the week's issue by hand, at once."""

from __future__ import annotations

import datetime as dt
import time
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from newsletter import editions, watch, weekly
from newsletter.models import Issue, QuietWeek, Switch, WrongStateError
from newsletter.models.issues import LATEST_AFTER
from newsletter.sender import send_slice
from newsletter.slots import monday_of, slot_day, slot_of, week_at

HELP = """\
Send the issue of a week, as beat does at its slot, by hand and at once.

Running it again sends nothing twice: what was sent is done, what was cut off goes on.
A week without anything to say has no issue; the command says so and exits 0.

examples:
  manage.py send_weekly_issue --dry-run          what would be sent this week, and to how many
  manage.py send_weekly_issue                    this week's issue, now
  manage.py send_weekly_issue --week 2026-11-20  the issue of the ISO week that holds the day
  manage.py send_weekly_issue --late             although its latest time is over

exit codes: 0 sent, sent before, or nothing to say; 1 refused, paused, held or cancelled
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--week", type=day, metavar="YYYY-MM-DD", help="a day of the week")
        parser.add_argument("--dry-run", action="store_true", help="show it and send nothing")
        parser.add_argument("--late", action="store_true", help="although its time is over")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        monday = monday_of(options["week"] or timezone.localdate(now))
        if monday > week_at(now):
            raise CommandError(f"The week of {monday} has not begun.")
        issue = Issue.objects.of_week(monday)
        if issue is None and QuietWeek.objects.filter(pk=monday).exists():
            self.stdout.write(
                f"The week of {monday} had nothing to say at its slot."
                " What came later waits for the next issue."
            )
            return
        if options["dry_run"]:
            self.show(issue or unsaved_issue(monday), now=now)
            return
        self.refuse_what_must_not_be_sent(issue, monday, is_late_wanted=options["late"], now=now)
        try:
            self.send(weekly.send_now(monday, now=now))
        except editions.NothingToSayError:
            self.stdout.write(f"Nothing to say in the week of {monday}: there is no issue.")
        except (WrongStateError, editions.UnmailableError) as problem:
            raise CommandError(str(problem)) from problem

    def refuse_what_must_not_be_sent(
        self, issue: Issue | None, monday: dt.date, *, is_late_wanted: bool, now: dt.datetime
    ) -> None:
        switch = Switch.load(now=now)
        if switch.stop:
            raise CommandError("All sending is stopped by the switch in the admin.")
        if not switch.is_at_home:
            raise CommandError(watch.MOVED)
        if is_late(issue, monday, now=now) and not is_late_wanted:
            latest = timezone.localtime(latest_time(issue, monday))
            raise CommandError(
                f"The week of {monday} is over since {latest:%-d %B, %H:%M}."
                " Use --late to send its issue all the same."
            )
        if issue and issue.state == Issue.State.CANCELLED:
            raise CommandError(f"{issue} was cancelled.")
        waits = {Issue.State.PAUSED} if is_late_wanted else {Issue.State.PAUSED, Issue.State.HELD}
        if issue and issue.state in waits:
            raise CommandError(f"{issue} is {issue.state}: {issue.reason} Resume it in the admin.")

    def show(self, issue: Issue, *, now: dt.datetime) -> None:
        try:
            digest = editions.digest_of(issue, now=now)
        except editions.NothingToSayError:
            self.stdout.write(f"Nothing to say in the week of {issue.week_of}: no issue.")
            return
        self.stdout.write(f"Subject: {digest.subject}")
        for item in digest.items:
            self.stdout.write(f"  {item.section:<12} {item.title}: {item.line}")
        readers = editions.audience_of(digest) if issue.audience is None else issue.audience
        self.stdout.write(f"Readers: {readers}. Nothing was sent.")
        if is_late(issue, issue.week_of, now=now):
            self.stdout.write("Its latest time is over: sending it takes --late.")

    def send(self, issue: Issue) -> None:
        """Send in this process beside the workers, until nothing is left to do now."""
        said = ""
        while issue.state == Issue.State.SENDING:
            report = send_slice(issue_id=issue.pk)
            watch.finish(now=timezone.now())
            issue.refresh_from_db()
            books = issue.books(now=timezone.now())
            if said != (said := f"{books.sent:,} of {books.audience:,} sent"):
                self.stdout.write(said)
            if report.was_told_to_end:
                raise CommandError("Stopped. A running worker goes on; so does this command.")
            if not books.pending and not books.claimed:
                break
            if report.had_no_slot or not report.sent:
                time.sleep(1)
        self.tell(issue)

    def tell(self, issue: Issue) -> None:
        books = issue.books(now=timezone.now())
        rest = [
            f"{count:,} {name}"
            for name, count in (
                ("to be tried again by the worker", books.deferred),
                ("failed", books.failed),
                ("no longer wanted", books.suppressed),
                ("ambiguous (see newsletter_status)", books.ambiguous),
            )
            if count
        ]
        words = ", ".join([f"{books.sent:,} of {books.audience:,} sent", *rest])
        self.stdout.write(f"{issue} ({issue.get_state_display()}): {words}.")
        if issue.state not in {Issue.State.DONE, Issue.State.SENDING}:
            raise CommandError(f"{issue} is {issue.state}: {issue.reason}")


def day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as problem:
        raise ArgumentTypeError(f"'{text}' is no day; write it as 2026-11-20.") from problem


def latest_time(issue: Issue | None, monday: dt.date) -> dt.datetime:
    return issue.send_by if issue else slot_of(monday) + LATEST_AFTER


def is_late(issue: Issue | None, monday: dt.date, *, now: dt.datetime) -> bool:
    is_over = issue and issue.state in {Issue.State.DONE, Issue.State.CANCELLED}
    return not is_over and latest_time(issue, monday) <= now


def unsaved_issue(monday: dt.date) -> Issue:
    slot = slot_of(monday)
    return Issue(
        week_of=monday, slot_on=slot_day(monday), send_at=slot, send_by=slot + LATEST_AFTER
    )
