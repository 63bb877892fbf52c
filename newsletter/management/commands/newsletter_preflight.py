"""Check the settings, the relay and the built mail before a send."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from newsletter import editions
from newsletter.preflight import Finding, check_mail, check_relay, check_settings

HELP = """\
Check what would go wrong with the next issue: the settings, the relay, the mail itself.

Nothing is sent and no name server is asked. Problems are found; what cannot be checked from here
(SPF, DKIM, DMARC) is a reminder. For cron and CI too.

examples:
  manage.py newsletter_preflight
  manage.py newsletter_preflight --offline   without a connection to the relay

exit codes: 0 no problem; 1 problems, one a line
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offline", action="store_true", help="do not connect to the relay")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [*check_settings()]
        if not options["offline"]:
            findings += check_relay()
        try:
            mail = editions.sample_mail(now=timezone.now())
            is_published = mail is not None
        except editions.UnmailableError as problem:
            mail, is_published = None, True
            findings.append(Finding(str(problem)))
        if not is_published:
            self.stdout.write("reminder: nothing is published yet, so no mail could be checked.")
        if mail:
            findings += check_mail(mail)
            size = f"{len(mail.mime):,} bytes, HTML {len(mail.html.encode()):,}"
            self.stdout.write(f"checked: '{mail.subject}', {size}")
        for finding in findings:
            kind = "problem" if finding.is_problem else "reminder"
            self.stdout.write(f"{kind}: {finding.text}")
        problems = sum(finding.is_problem for finding in findings)
        if problems:
            raise CommandError(f"{problems} {'problem' if problems == 1 else 'problems'}.")
        self.stdout.write("No problem.")
