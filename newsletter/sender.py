"""The sender: one slice of an issue's deliveries, mail by mail, over one SMTP connection.

Never twice: the cursor is committed before each body, so that whatever kills the worker leaves
at most one mail of which nobody knows, and that one as a row. ARCHITECTURE.md walks one issue.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from newsletter.bounces import count_bounce
from newsletter.message_keys import message_key
from newsletter.models import Channel, Edition, Issue, Proof, Subscriber, Switch
from newsletter.moulds import Cast, Mould
from newsletter.queue import Batch, Claimed, Queue
from newsletter.smtp import DisconnectedError, Phase, RefusedError, Relay, UnknownError
from newsletter.stopping import signals_noticed
from newsletter.tokens import preferences_token, unsubscribe_token

logger = logging.getLogger(__name__)

# A slice ends by itself after this long; what is left is the next one's.
SLICE = dt.timedelta(seconds=60)
# Waits between attempts at a reader whose mailbox says 'later'; the last one repeats.
BACK_OFF = [dt.timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360)]
JITTER = 0.2
# A reconnection waits this long at most, a second at first.
LONGEST_WAIT = 60
# A receiver that answers 'later' to so large a part of so many mails is left alone for a while.
TROUBLED_SHARE, TROUBLED_FROM = 0.1, 20

# What SMTP commands and header lines can carry; sign-up lets nothing else in.
USABLE_ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[!-;=?-~]{1,253}")


@dataclass(frozen=True)
class SliceReport:
    """What a slice did. `has_more`: something ended it, not the want of mails to send."""

    sent: int = 0
    refused: int = 0
    doubtful: int = 0
    has_more: bool = False
    was_told_to_end: bool = False
    had_no_slot: bool = False


class SliceOver(Exception):  # noqa: N818 - no error: the issue is paused, or the time is up
    """The slice ends between two mails."""


class DamagedEditionError(Exception):
    """An edition's bytes are not those that were made ready."""


def send_slice(
    *,
    issue_id: int,
    should_stop: Callable[[], bool] = lambda: False,
    now: Callable[[], dt.datetime] = timezone.now,
) -> SliceReport:
    """Send an issue's mails for up to a minute, if a connection is free and nothing forbids it.

    Between two mails it heeds pause, cancel, the kill switch, `should_stop`, SIGTERM and SIGINT.
    """
    if not Switch.load(now=now()).is_at_home:
        return SliceReport()
    with (
        signals_noticed() as has_signal,
        Queue.open(slots=settings.NEWSLETTER_CONNECTIONS) as queue,
    ):
        if queue is None:
            return SliceReport(had_no_slot=True)
        queue.recover(now=now())
        slice_ = Slice(
            queue=queue,
            issue_id=issue_id,
            must_end=lambda: has_signal() or should_stop(),
            now=now,
        )
        return slice_.run()


@dataclass
class Slice:
    queue: Queue
    issue_id: int
    must_end: Callable[[], bool]
    now: Callable[[], dt.datetime]
    relay: Relay | None = None
    ends: float = 0
    last_sent: int = 0
    sent: int = 0
    refused: int = 0
    doubtful: int = 0
    failed_connections: int = 0
    moulds: dict[int, Mould] = field(default_factory=dict)
    tried_at: Counter[str] = field(default_factory=Counter)
    later_at: Counter[str] = field(default_factory=Counter)
    left_alone: set[str] = field(default_factory=set)

    def run(self) -> SliceReport:
        self.ends = time.monotonic() + SLICE.total_seconds()
        has_more = False
        try:
            while batch := self.queue.claim(issue_id=self.issue_id, now=self.now()):
                self.send(batch)
        except SliceOver:
            has_more = True
        except BaseException:
            # A goodbye within a mail would become its text.
            if self.relay:
                self.relay.abandon()
            raise
        if self.relay:
            self.relay.close()
        return SliceReport(
            self.sent,
            self.refused,
            self.doubtful,
            has_more=has_more,
            was_told_to_end=self.must_end(),
        )

    def send(self, batch: Batch) -> None:
        """The batch's mails, then its books.

        Any other end than SliceOver is as good as a crash: the books are left to `recover`,
        which trusts the cursor alone.
        """
        self.last_sent = tried = 0
        self.left_alone.clear()
        self.load_moulds(batch)
        over = None
        try:
            for row in batch.rows:
                self.heed_the_end()
                tried += 1
                self.deliver(batch, row)
        except SliceOver as end:
            over = end
        self.queue.settle(batch, last_sent=self.last_sent, tried=tried, now=self.now())
        self.slow_down()
        if over:
            raise over

    def deliver(self, batch: Batch, row: Claimed) -> None:
        """One mail, and what became of it. Raises SliceOver if nothing may be sent now."""
        if row.receiver in self.left_alone:
            self.queue.put_back(batch, row)
            return
        if not USABLE_ADDRESS.fullmatch(row.email):
            self.queue.fail(batch, row, code=None, reply="The address cannot be written.")
            return
        relay = self.connected()
        self.tried_at[row.receiver] += 1
        try:
            # The cursor's commit and the relay's answer travel at the same time.
            self.queue.begin_mark(batch, row.subscriber_id, now=self.now())
            try:
                relay.offer(row.email)
                message = self.message_to(row)
                relay.await_go_ahead()
            finally:
                is_marked = self.queue.is_marked()
            if not is_marked:
                relay.abandon()
                self.relay = None
                raise SliceOver
            relay.hand_over(message)
        except RefusedError as refusal:
            self.refused += 1
            self.note_refusal(batch, row, refusal)
        except DisconnectedError as loss:
            self.queue.put_back(batch, row)
            self.note_loss(row, loss)
        except UnknownError as silence:
            self.doubtful += 1
            self.queue.doubt(batch, row, reply=str(silence))
            self.relay = None
        else:
            self.last_sent = row.subscriber_id
            self.sent += 1
            self.failed_connections = 0

    def message_to(self, row: Claimed) -> bytes:
        return self.moulds[row.edition_id].cast(
            Cast(
                address=row.email,
                message_key=message_key(issue_id=self.issue_id, subscriber_id=row.subscriber_id),
                unsubscribe=unsubscribe_token(row.subscriber_id, row.token_version),
                preferences=preferences_token(row.subscriber_id, row.token_version),
            )
        )

    def load_moulds(self, batch: Batch) -> None:
        """The editions of these rows, unless they are loaded. Raises DamagedEditionError."""
        wanted = {row.edition_id for row in batch.rows} - self.moulds.keys()
        for edition in Edition.objects.filter(pk__in=wanted):
            message = bytes(edition.message)
            if hashlib.sha256(message).digest() != bytes(edition.sha256):
                raise DamagedEditionError(f"{edition} is not what was made ready")
            self.moulds[edition.pk] = Mould.of(message)

    def note_refusal(self, batch: Batch, row: Claimed, refusal: RefusedError) -> None:
        """A clear no: the mailbox's for good, the relay's for now, or a matter of policy."""
        reply, now = refusal.reply, self.now()
        is_of_reader = refusal.phase in {Phase.RCPT, Phase.DOT}
        if reply.is_temporary:
            self.later_at[row.receiver] += 1
            self.put_off(batch, row, refusal, now=now)
        elif is_of_reader and reply.names_the_mailbox:
            self.queue.fail(batch, row, code=reply.code, reply=reply.words)
            stop_mailing(row.subscriber_id, now=now)
        elif refusal.phase is Phase.RCPT and not reply.is_policy:
            self.queue.fail(batch, row, code=reply.code, reply=reply.words)
            count_bounce(row.subscriber_id, is_hard=True, now=now)
        else:
            self.put_off(batch, row, refusal, now=now)
            if self.queue.count_refusal(self.issue_id):
                logger.error("The issue is paused: the relay refuses by policy: %s", reply)
                raise SliceOver

    def put_off(
        self, batch: Batch, row: Claimed, refusal: RefusedError, *, now: dt.datetime
    ) -> None:
        """Try again later; a reader for whom there is no later this week has failed."""
        wait = BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)]
        until = now + wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        reply = refusal.reply
        if until >= self.send_by:
            self.queue.fail(batch, row, code=reply.code, reply=f"temporary: {reply.words}")
        else:
            self.queue.defer(batch, row, until=until, code=reply.code, reply=reply.words)

    @property
    def send_by(self) -> dt.datetime:
        return Issue.objects.values_list("send_by", flat=True).get(pk=self.issue_id)

    def note_loss(self, row: Claimed, loss: DisconnectedError) -> None:
        """Not the reader's fault. A connection that carried something is opened again at once."""
        carried = self.relay.taken if self.relay else 0
        self.relay = None
        if loss.reply and loss.reply.asks_to_slow_down:
            self.leave_alone(row.receiver)
        if not carried:
            self.note_failed_connection(str(loss))

    def connected(self) -> Relay:
        """The kept connection, or a new one. Raises SliceOver if there is none in time."""
        if self.relay and self.relay.is_worn:
            self.relay.close()
            self.relay = None
        while self.relay is None:
            try:
                self.relay = Relay.open()
            except DisconnectedError as problem:
                self.note_failed_connection(str(problem))
        return self.relay

    def note_failed_connection(self, words: str) -> None:
        """Count it, and wait: a second, then twice as long each time."""
        logger.warning("No connection to the relay: %s", words)
        if self.queue.count_connection_error(self.issue_id):
            logger.error("The issue is paused: the relay does not answer.")
            raise SliceOver
        wait = min(2**self.failed_connections, LONGEST_WAIT)
        self.failed_connections += 1
        over = time.monotonic() + wait
        while time.monotonic() < over:
            self.heed_the_end()
            time.sleep(min(0.2, wait))

    def heed_the_end(self) -> None:
        if self.must_end() or time.monotonic() > self.ends:
            raise SliceOver

    def slow_down(self) -> None:
        """Leave receivers alone that answer 'later' to a tenth of their mails."""
        for receiver, later in self.later_at.items():
            tried = self.tried_at[receiver]
            if tried >= TROUBLED_FROM and later >= tried * TROUBLED_SHARE:
                self.leave_alone(receiver)
        self.tried_at.clear()
        self.later_at.clear()

    def leave_alone(self, receiver: str) -> None:
        """For a while, by all workers; by this slice for the rest of it."""
        self.queue.pause_receiver(receiver, now=self.now())
        self.left_alone.add(receiver)


def stop_mailing(subscriber_id: int, *, now: dt.datetime) -> None:
    """The mailbox does not exist; the reader's row says so from now on."""
    subscriber = Subscriber.objects.get(pk=subscriber_id)
    subscriber.stop_as_undeliverable(proof=Proof(Channel.CLOCK), now=now)
