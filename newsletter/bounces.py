"""What a refused or reported mail means for its reader (rules as Mailman's).

A mailbox that does not exist is stopped at once. Other bounces add to a score, a hard one 1 and
a soft one a half, one a day at most; at five the reader is stopped, and a week without any
forgets it. Refusals of what a mail says never count. A complaint ends all mail at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from decimal import Decimal

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import transaction

from newsletter.message_keys import delivery_of
from newsletter.models import Channel, Delivery, Issue, MailEvent, Proof, Subscriber

HARD, SOFT = Decimal(1), Decimal("0.5")
LIMIT = Decimal(5)
FORGOTTEN_AFTER = dt.timedelta(days=7)

ENHANCED_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
BY_WEBHOOK = Proof(Channel.WEBHOOK)
Kind = MailEvent.Kind


@transaction.atomic
def record(event: AnymailTrackingEvent, *, provider: str, now: dt.datetime) -> None:
    """Keep a provider's report and act on it, once, however often it is repeated."""
    kind = kind_of(event)
    if kind is None:
        return
    issue_id, reader = addressee_of(event)
    _, is_new = MailEvent.objects.get_or_create(
        provider=provider,
        event_id=identity_of(event),
        defaults={"kind": kind, "issue_id": issue_id, "at": event.timestamp or now},
    )
    if not is_new or reader is None:
        return
    if kind == Kind.DELIVERED:
        Delivery.objects.ambiguous().filter(issue=issue_id, subscriber=reader).update(
            state=Delivery.State.SENT, sent_at=event.timestamp or now, reply="The relay knew it."
        )
    elif kind == Kind.COMPLAINED:
        reader.complain(proof=BY_WEBHOOK, now=now)
    elif kind == Kind.UNSUBSCRIBED:
        reader.unsubscribe(proof=BY_WEBHOOK, now=now)
    elif kind == Kind.BOUNCED and names_the_mailbox(event):
        reader.stop_as_undeliverable(proof=BY_WEBHOOK, now=now)
    elif kind in {Kind.BOUNCED, Kind.DELAYED}:
        count_bounce(reader.pk, is_hard=kind == Kind.BOUNCED, now=now, channel=Channel.WEBHOOK)


@transaction.atomic
def count_bounce(
    subscriber_id: int, *, is_hard: bool, now: dt.datetime, channel: Channel = Channel.CLOCK
) -> None:
    """Add a bounce to the reader's score, and stop the mail when it is too high."""
    reader = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    today = now.date()
    if not reader.is_confirmed or reader.last_bounce_on == today:
        return
    is_old = reader.last_bounce_on is None or today - reader.last_bounce_on > FORGOTTEN_AFTER
    before = Decimal(0) if is_old else reader.bounce_score
    reader.bounce_score = before + (HARD if is_hard else SOFT)
    reader.last_bounce_on = today
    reader.save(update_fields=["bounce_score", "last_bounce_on"])
    if reader.bounce_score >= LIMIT:
        reader.stop_as_undeliverable(proof=Proof(channel), now=now)


def kind_of(event: AnymailTrackingEvent) -> MailEvent.Kind | None:
    """What the report comes to; None for what we do not ask for, such as opened mails."""
    if event.event_type == EventType.COMPLAINED or event.reject_reason == RejectReason.SPAM:
        return Kind.COMPLAINED
    if event.event_type == EventType.UNSUBSCRIBED:
        return Kind.UNSUBSCRIBED
    if event.event_type == EventType.DELIVERED:
        return Kind.DELIVERED
    if event.event_type == EventType.DEFERRED:
        return Kind.DELAYED
    if event.event_type not in {EventType.BOUNCED, EventType.REJECTED}:
        return None
    about_the_mail = event.reject_reason == RejectReason.BLOCKED or status_of(event)[:4] == "5.7."
    return Kind.REFUSED if about_the_mail else Kind.BOUNCED


def names_the_mailbox(event: AnymailTrackingEvent) -> bool:
    """No such mailbox, for good."""
    status = status_of(event)
    return status.startswith("5.1.") or status == "5.2.1"


def status_of(event: AnymailTrackingEvent) -> str:
    """The enhanced status in the receiver's words: '5.1.1', or ''."""
    found = ENHANCED_STATUS.search(f"{event.mta_response or ''} {event.description or ''}")
    return found[1] if found else ""


def addressee_of(event: AnymailTrackingEvent) -> tuple[int | None, Subscriber | None]:
    """The issue and the reader: by our Message-ID, else by the address and the latest issue."""
    if found := delivery_of(event.message_id or ""):
        known = Delivery.objects.filter(pk=found).first()
        if known:
            return known.issue_id, Subscriber.objects.get(pk=known.subscriber_id)
    if not event.recipient:
        return None, None
    reader = Subscriber.objects.of_address(event.recipient)
    latest = Issue.objects.latest_begun()
    if reader is None or latest is None:
        return None, reader
    got_it = latest.deliveries.filter(subscriber=reader).exists()
    return (latest.pk if got_it else None), reader


def identity_of(event: AnymailTrackingEvent) -> str:
    """The provider's own id of the report, with its kind; made of its parts where it has none."""
    parts = [event.event_id] if event.event_id else [event.message_id, event.recipient]
    if not event.event_id:
        parts.append(event.timestamp.isoformat() if event.timestamp else "")
    words = "\n".join(str(part or "") for part in (event.event_type, *parts))
    return hashlib.sha256(words.encode()).hexdigest()
