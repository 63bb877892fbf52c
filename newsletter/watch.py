"""An issue on its way: what the clock, the relay and the readers make of it."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import closing
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from newsletter.leases import own_session, recover, slots_in_use
from newsletter.models import Delivery, Issue, Lease, MailEvent, Switch
from newsletter.models.issues import KEPT_FOR
from newsletter.notices import tell_staff

logger = logging.getLogger(__name__)

# A provider's word that an ambiguous mail arrived may come so late.
EVIDENCE_WITHIN = dt.timedelta(minutes=15)
# Of the mails of an issue, once so many are out.
MOST_BOUNCES, MOST_COMPLAINTS, JUDGED_FROM = 0.05, 0.003, 500
# Mails to send and nobody who sends them for so long is worth an alarm.
STALLED_AFTER = dt.timedelta(minutes=3)

LATE = "Its latest time is over. Resume it if it still makes sense."
MOVED = (
    "The database was restored or moved. Read 'newsletter_status', then run"
    " 'newsletter_status --adopt-database'."
)
TOTALS = ("pending", "claimed", "deferred", "sent", "failed", "suppressed", "ambiguous")


def look_after(issue: Issue, *, now: dt.datetime) -> None:
    """An issue on its way: doubts, complaints, its latest time, its books."""
    if not Switch.load(now=now).is_at_home:
        return hold(issue, reason=MOVED)
    resolve_doubts(issue, now=now)
    if issue.send_by <= now:
        return end_late(issue)
    if trouble := trouble_reported(issue):
        issue.pause(reason=f"{trouble}")
        return tell_staff(f"{issue} is paused", f"{trouble}")
    books = issue.books(now=now)
    if not books.balance:
        logger.error("The books of %s do not balance: %s", issue, books)
    if books.pending and is_stalled(issue, now=now):
        logger.error("%s waits to be sent and no worker sends it.", issue)
    return None


def resolve_doubts(issue: Issue, *, now: dt.datetime) -> None:
    """Queue ambiguous mails again where the policy says so, once evidence could have come."""
    if issue.ambiguous_policy == Issue.Policy.HOLD:
        return
    doubts = issue.deliveries.ambiguous()
    if issue.ambiguous_policy == Issue.Policy.RESEND and settings.MAIL_WEBHOOK_SECRET:
        settled = Lease.objects.filter(closed_at__lt=now - EVIDENCE_WITHIN)
        doubts = doubts.filter(lease__in=settled)
    doubts.update(state=Delivery.State.PENDING, lease=None, next_at=None)


def end_late(issue: Issue) -> None:
    """Who could not be reached in a day has failed; who was not tried waits for a person."""
    issue.deliveries.deferred().update(
        state=Delivery.State.FAILED, reply="temporary: not taken within the issue's time"
    )
    if issue.deliveries.open().exists():
        hold(issue, reason=LATE)


@dataclass(frozen=True)
class Trouble:
    """Reports of one kind, over the line at which an issue is paused."""

    kind: MailEvent.Kind
    reports: int
    sent: int

    def __str__(self) -> str:
        if self.kind == MailEvent.Kind.COMPLAINED:
            return f"{self.reports} of {self.sent} readers reported it as spam."
        return f"{self.reports} of {self.sent} mails bounced."


def trouble_reported(issue: Issue) -> Trouble | None:
    """Why readers' reports forbid to go on."""
    sent = issue.deliveries.filter(state=Delivery.State.SENT).count()
    if sent < JUDGED_FROM:
        return None
    kind = MailEvent.Kind
    reports = issue.mail_events.aggregate(
        bounces=Count("pk", filter=Q(kind=kind.BOUNCED)),
        complaints=Count("pk", filter=Q(kind=kind.COMPLAINED)),
    )
    if reports["complaints"] > sent * MOST_COMPLAINTS:
        return Trouble(kind.COMPLAINED, reports["complaints"], sent)
    if reports["bounces"] > sent * MOST_BOUNCES:
        return Trouble(kind.BOUNCED, reports["bounces"], sent)
    return None


def is_stalled(issue: Issue, *, now: dt.datetime) -> bool:
    """Mails wait, nobody holds a slot, and nobody has claimed any for minutes."""
    since = now - STALLED_AFTER
    begun = issue.frozen_at is not None and issue.frozen_at < since
    recent = issue.leases.filter(opened_at__gte=since)
    return begun and not recent.exists() and slots_in_use() == 0


def finish(*, now: dt.datetime) -> None:
    """An issue with nothing left to try is done: its rows say so."""
    Issue.objects.finished().update(state=Issue.State.DONE, finished_at=now)


def recover_leases(*, now: dt.datetime) -> None:
    """Settle what workers that are gone had in hand."""
    if Lease.objects.filter(closed_at__isnull=True).exists():
        with closing(own_session()) as session:
            recover(session, now=now)


def hold(issue: Issue, *, reason: str) -> None:
    issue.hold(reason=reason)
    tell_staff(f"{issue} is held", reason)


def adopt_database(*, now: dt.datetime) -> list[Issue]:
    """Accept the database as ours; the issues that were held for it go on."""
    Switch.load(now=now).adopt()
    held = list(Issue.objects.filter(state=Issue.State.HELD, reason=MOVED))
    for issue in held:
        issue.resume(now=now)
    return held


def drop_old_deliveries(*, now: dt.datetime) -> None:
    """Forget who got issues that were done long ago, and what was reported; their totals stay."""
    MailEvent.objects.filter(at__lt=now - KEPT_FOR)._raw_delete(using="default")
    old = Issue.objects.filter(
        state__in=[Issue.State.DONE, Issue.State.CANCELLED],
        totals__isnull=True,
        audience__isnull=False,
        send_by__lt=now - KEPT_FOR,
    )
    for issue in old:
        with transaction.atomic():
            books = issue.books(now=now)
            issue.totals = {name: getattr(books, name) for name in TOTALS}
            issue.save(update_fields=["totals"])
            issue.deliveries.all()._raw_delete(using="default")
            issue.leases.all().delete()
