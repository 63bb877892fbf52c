"""The sender's hold on the queue in Postgres: claim, mark, settle.

It speaks SQL on a session of its own (`leases.py`), because the cursor must be committed, by
itself and for certain, before each body.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from newsletter.leases import own_session, recover, settle_rows, try_lock
from newsletter.models import Delivery, Issue

logger = logging.getLogger(__name__)

BATCH = 200
# So many connections that failed in a row, and the issue waits for a person.
CONNECTION_ERRORS = 20
# More refusals for policy than 2 % of 500 mails, and it waits too.
WINDOW = 500
WINDOW_REFUSALS = WINDOW // 50
# A receiver that asked us to slow down waits this long at first, twice as long each time.
FIRST_PAUSE_MINUTES, LONGEST_PAUSE_MINUTES = 1, 60
# What it said before this is forgotten.
PAUSE_MEMORY = dt.timedelta(hours=2)

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in hand, with what its mail needs."""

    subscriber_id: int
    email: str
    receiver: str
    token_version: int
    edition_id: int
    attempts: int


@dataclass(frozen=True)
class Batch:
    """Deliveries claimed under one lease, in the order of their ids."""

    lease_id: int
    issue_id: int
    rows: list[Claimed]


# The deliveries lead, by their index of what is still to try; `offset 0` keeps the planner from
# beginning with the subscribers, most of whom have been sent theirs.
CLAIM = f"""
with chosen as (
    select d.subscriber_id, s.email, s.receiver, s.token_version, s.wants
    from newsletter_delivery d cross join lateral (
        select email, receiver, token_version, state = 'confirmed' as wants
        from newsletter_subscriber where id = d.subscriber_id offset 0
    ) s
    where d.issue_id = %(issue)s and d.state in ({State.PENDING}, {State.DEFERRED})
      and (d.next_at is null or d.next_at <= %(now)s)
      and s.receiver <> all(array(
          select receiver from newsletter_receiverpause where paused_until > %(now)s))
    order by d.subscriber_id limit {BATCH}
    for update of d skip locked
)
update newsletter_delivery d
set state = case when wants then {State.CLAIMED} else {State.SUPPRESSED} end,
    lease_id = %(lease)s, next_at = null
from chosen
where d.issue_id = %(issue)s and d.subscriber_id = chosen.subscriber_id
returning d.subscriber_id, email, receiver, token_version, d.edition_id, d.attempts, wants
"""
OPEN_LEASE = f"""
insert into newsletter_lease (issue_id, slot, pos, opened_at)
select id, %(slot)s, 0, %(now)s from newsletter_issue
where id = %(issue)s and state = '{Issue.State.SENDING}' and send_by > %(now)s
  and not exists (select from newsletter_switch where stop)
returning id
"""
# One statement, one commit, one row that stays on its page: the price of a mail.
MARK = f"""
prepare newsletter_mark (bigint, bigint, timestamptz) as
update newsletter_lease set pos = $1
where id = $2 and closed_at is null
  and exists (select from newsletter_issue i where i.id = issue_id
              and i.state = '{Issue.State.SENDING}' and i.send_by > $3)
  and not exists (select from newsletter_switch where stop)
"""


class Queue:
    """A worker's session, holding one slot. Use `Queue.open`."""

    def __init__(self, connection: psycopg.Connection[Any], slot: int) -> None:
        self.connection = connection
        self.slot = slot

    @classmethod
    @contextlib.contextmanager
    def open(cls, *, slots: int) -> Iterator[Queue | None]:
        """A session with a free slot of 1 to `slots`; None when all are taken."""
        with contextlib.closing(own_session()) as connection:
            connection.execute(MARK)
            for slot in range(1, slots + 1):
                if try_lock(connection, slot):
                    yield cls(connection, slot)
                    return
            yield None

    def recover(self, *, now: dt.datetime) -> int:
        return recover(self.connection, now=now)

    def claim(self, *, issue_id: int, now: dt.datetime) -> Batch | None:
        """The next deliveries, now this worker's; None when nothing may or need be sent."""
        known: dict[str, Any] = {"issue": issue_id, "slot": self.slot, "now": now}
        with self.connection.transaction():
            lease = self.connection.execute(OPEN_LEASE, known).fetchone()
            if lease is None:
                return None
            claimed = self.connection.execute(CLAIM, known | {"lease": lease[0]}).fetchall()
            if not claimed:
                raise psycopg.Rollback
            rows = sorted(row[:-1] for row in claimed if row[-1])
            return Batch(lease[0], issue_id, [Claimed(*row) for row in rows])
        return None

    def begin_mark(self, batch: Batch, subscriber_id: int, *, now: dt.datetime) -> None:
        """Say that this reader's body goes out next. The commit runs while the relay is asked;
        `is_marked` waits for it, and must be called before anything else here.
        """
        known = (str(subscriber_id), str(batch.lease_id), now.isoformat())
        wire = self.connection.pgconn
        wire.send_query_prepared(b"newsletter_mark", [each.encode() for each in known])
        wire.flush()

    def is_marked(self) -> bool:
        """Whether it is committed; False if the body must not go out."""
        wire = self.connection.pgconn
        answer = wire.get_result()
        marked = answer.command_tuples if answer else None
        if answer is None or answer.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError("the cursor could not be committed")
        while wire.get_result():
            pass
        return marked == 1

    def put_back(self, batch: Batch, row: Claimed) -> None:
        """Not sent and no fault of the reader's: as if it had not been claimed."""
        self.note(batch, row, f"state = {State.PENDING}, lease_id = null")

    def defer(
        self, batch: Batch, row: Claimed, *, until: dt.datetime, code: int, reply: str
    ) -> None:
        self.note(
            batch,
            row,
            f"state = {State.DEFERRED}, attempts = attempts + 1, next_at = %(until)s,"
            " smtp_code = %(code)s, reply = %(reply)s",
            until=until,
            code=code,
            reply=reply,
        )

    def fail(self, batch: Batch, row: Claimed, *, code: int | None, reply: str) -> None:
        self.note(
            batch,
            row,
            f"state = {State.FAILED}, attempts = attempts + 1, smtp_code = %(code)s,"
            " reply = %(reply)s",
            code=code,
            reply=reply,
        )

    def doubt(self, batch: Batch, row: Claimed, *, reply: str) -> None:
        """Sent, or not: nobody knows."""
        self.note(batch, row, f"state = {State.AMBIGUOUS}, reply = %(reply)s", reply=reply)

    def note(self, batch: Batch, row: Claimed, changes: str, **known: Any) -> None:
        if "reply" in known:
            known["reply"] = known["reply"][:120]
        self.connection.execute(
            f"update newsletter_delivery set {changes} where issue_id = %(issue)s"
            f" and subscriber_id = %(subscriber)s and lease_id = %(lease)s"
            f" and state = {State.CLAIMED}",
            known
            | {
                "issue": batch.issue_id,
                "subscriber": row.subscriber_id,
                "lease": batch.lease_id,
            },
        )

    def settle(self, batch: Batch, *, last_sent: int, tried: int, now: dt.datetime) -> None:
        """The batch is over: up to `last_sent` what is in hand was sent, the rest goes back."""
        with self.connection.transaction():
            if not self.close_lease(batch.lease_id, now=now):
                logger.warning("Lease %s was recovered by another worker.", batch.lease_id)
                return
            settle_rows(self.connection, batch.lease_id, sent_up_to=last_sent, now=now)
            self.connection.execute(
                "update newsletter_issue set"
                " window_refused = case when window_tried + %(tried)s >= %(window)s then 0"
                " else window_refused end,"
                " window_tried = case when window_tried + %(tried)s >= %(window)s then 0"
                " else window_tried + %(tried)s end,"
                " connection_errors = case when %(last)s > 0 then 0 else connection_errors end"
                " where id = %(issue)s",
                {
                    "tried": tried,
                    "window": WINDOW,
                    "last": last_sent,
                    "issue": batch.issue_id,
                },
            )

    def close_lease(self, lease_id: int, *, now: dt.datetime) -> bool:
        closed = self.connection.execute(
            "update newsletter_lease set closed_at = %s where id = %s and closed_at is null",
            [now, lease_id],
        )
        return closed.rowcount == 1

    def count_refusal(self, issue_id: int) -> bool:
        """One more refusal for policy; True if the issue is paused for it now."""
        return self.count(
            issue_id,
            "window_refused",
            limit=WINDOW_REFUSALS,
            reason="The relay refuses our mail by policy. Read its replies before resuming.",
        )

    def count_connection_error(self, issue_id: int) -> bool:
        """One more connection that failed in a row; True if the issue is paused for it now."""
        return self.count(
            issue_id,
            "connection_errors",
            limit=CONNECTION_ERRORS - 1,
            reason="The relay does not answer. Check EMAIL_URL and the relay, then resume.",
        )

    def count(self, issue_id: int, counter: str, *, limit: int, reason: str) -> bool:
        self.connection.execute(
            f"update newsletter_issue set {counter} = {counter} + 1 where id = %s", [issue_id]
        )
        paused = self.connection.execute(
            f"update newsletter_issue set state = '{Issue.State.PAUSED}', reason = %s"
            f" where id = %s and state = '{Issue.State.SENDING}' and {counter} > %s",
            [reason, issue_id, limit],
        )
        return paused.rowcount == 1

    def pause_receiver(self, receiver: str, *, now: dt.datetime) -> None:
        """Leave a receiver alone for a minute, twice as long each time that it asks again."""
        self.connection.execute(
            "insert into newsletter_receiverpause as known (receiver, paused_until, minutes)"
            " values (%(receiver)s, %(now)s + make_interval(mins => %(first)s), %(first)s)"
            " on conflict (receiver) do update set"
            " minutes = case when known.paused_until < %(now)s - %(memory)s::interval"
            " then %(first)s else least(known.minutes * 2, %(longest)s) end,"
            " paused_until = %(now)s + make_interval(mins => case"
            " when known.paused_until < %(now)s - %(memory)s::interval"
            " then %(first)s else least(known.minutes * 2, %(longest)s) end)"
            " where known.paused_until <= %(now)s",
            {
                "receiver": receiver,
                "now": now,
                "first": FIRST_PAUSE_MINUTES,
                "longest": LONGEST_PAUSE_MINUTES,
                "memory": PAUSE_MEMORY,
            },
        )
