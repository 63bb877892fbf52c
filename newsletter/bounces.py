"""What a refused or reported mail means for its reader (rules as Mailman's).

A mailbox that does not exist is stopped at once. Other bounces add to a score, a hard one 1 and
a soft one a half, one a day at most; at five the reader is stopped, and a week without any
forgets it. Refusals of what a mail says never count. A complaint ends all mail at once.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from newsletter.models import Channel, Proof, Subscriber

HARD, SOFT = Decimal(1), Decimal("0.5")
LIMIT = Decimal(5)
FORGOTTEN_AFTER = dt.timedelta(days=7)


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
