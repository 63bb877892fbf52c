"""The sender against a relay that fails in every way; `chaos.py` kills it as well."""

import datetime as dt
import threading
from functools import partial
from itertools import pairwise

import pytest
from django.utils import timezone

from newsletter import queue, sender, smtp
from newsletter.message_keys import message_key
from newsletter.models import (
    Channel,
    Delivery,
    Issue,
    Lease,
    Proof,
    ReceiverPause,
    Subscriber,
    Switch,
)
from newsletter.queue import Queue
from newsletter.sender import DamagedEditionError, send_slice
from newsletter.smtp import Relay
from tests.factories import make_sending_issue, make_subscriber

State = Delivery.State
SOON = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def db(committed_db):
    """Commits are real here; the name tells pytest-django that a database is needed."""


def make_readers(count):
    return [make_subscriber() for _ in range(count)]


def states(issue):
    """How many deliveries stand where, without the zeroes."""
    books = issue.books(now=timezone.now())
    assert books.balance
    names = ("pending", "claimed", "deferred", "sent", "failed", "suppressed", "ambiguous")
    return {name: getattr(books, name) for name in names if getattr(books, name)}


@pytest.mark.parametrize("pipelining", [True, False])
def test_every_reader_gets_one_mail_with_their_own_key(relay, pipelining):
    sink = relay(pipelining=pipelining)
    readers = make_readers(250)
    issue = make_sending_issue(*readers)
    report = send_slice(issue_id=issue.pk)
    assert report.sent == 250
    assert not report.has_more
    assert sink.accepted == {
        message_key(issue_id=issue.pk, subscriber_id=reader.pk): 1 for reader in readers
    }
    assert states(issue) == {"sent": 250}
    assert not Lease.objects.filter(closed_at=None).exists()


def test_a_second_slice_finds_nothing_to_do(relay):
    sink = relay()
    issue = make_sending_issue(*make_readers(3))
    send_slice(issue_id=issue.pk)
    assert send_slice(issue_id=issue.pk).sent == 0
    assert sink.accepted.total() == 3


def test_two_slices_at_once_share_the_work(relay, settings):
    settings.NEWSLETTER_CONNECTIONS = 2
    sink = relay()
    issue = make_sending_issue(*make_readers(450))
    in_parallel(lambda: send_slice(issue_id=issue.pk), times=2)
    assert states(issue) == {"sent": 450}
    assert set(sink.accepted.values()) == {1}


def test_slices_beyond_the_connections_leave_at_once(relay, settings):
    settings.NEWSLETTER_CONNECTIONS = 1
    relay()
    issue = make_sending_issue(*make_readers(3))
    with Queue.open(slots=1):
        assert send_slice(issue_id=issue.pk).had_no_slot
    assert states(issue) == {"pending": 3}


def test_a_mailbox_that_says_later_is_tried_again(relay, monkeypatch):
    sink = relay(later_once=1)
    issue = make_sending_issue(*make_readers(3))
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"deferred": 3}
    send_slice(issue_id=issue.pk, now=lambda: timezone.now() + SOON)
    assert states(issue) == {"sent": 3}
    assert set(issue.deliveries.values_list("attempts", flat=True)) == {1}
    assert sink.accepted.total() == 3


def test_waits_grow_until_the_issue_is_too_old(relay):
    relay(later_always=True)
    issue = make_sending_issue(make_subscriber())
    clock = [timezone.now()]
    while (delivery := issue.deliveries.get()).state in {State.PENDING, State.DEFERRED}:
        clock.append(delivery.next_at or clock[0])
        send_slice(issue_id=issue.pk, now=lambda: clock[-1])
    waits = [(to - since).total_seconds() / 60 for since, to in pairwise(clock[1:])]
    assert waits == pytest.approx([5, 15, 60, 180, 360, 360, 360][: len(waits)], rel=0.21)
    assert len(waits) >= 6
    assert delivery.state == State.FAILED
    assert delivery.reply.startswith("temporary: ")
    assert clock[-1] < issue.send_by


def test_a_mailbox_that_does_not_exist_fails_and_is_not_mailed_again(relay):
    relay(no_mailbox=1)
    reader = make_subscriber()
    issue = make_sending_issue(reader)
    send_slice(issue_id=issue.pk)
    delivery = issue.deliveries.get()
    assert (delivery.state, delivery.smtp_code) == (State.FAILED, 550)
    assert delivery.reply == "5.1.1 (address): no such mailbox"
    reader.refresh_from_db()
    assert reader.state == Subscriber.State.UNDELIVERABLE


@pytest.mark.parametrize("fault", ["policy", "policy_at_dot", "refuses_sender"])
def test_refusals_of_policy_pause_the_issue_and_burn_nobody(relay, fault):
    relay(**{fault: True})
    issue = make_sending_issue(*make_readers(300))
    send_slice(issue_id=issue.pk)
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert "policy" in issue.reason
    assert states(issue) == {"deferred": 11, "pending": 289}
    assert not Subscriber.objects.exclude(state=Subscriber.State.CONFIRMED).exists()


@pytest.mark.parametrize("fault", ["dies_at_dot", "loses_reply"])
def test_silence_after_the_dot_is_a_known_doubt_and_not_tried_again(relay, fault):
    sink = relay(**{fault: 1})
    issue = make_sending_issue(*make_readers(3))
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"ambiguous": 3}
    send_slice(issue_id=issue.pk, now=lambda: timezone.now() + SOON)
    assert sink.accepted.total() == (3 if fault == "loses_reply" else 0)


def test_sending_a_doubtful_mail_again_uses_the_same_message_id(relay):
    sink = relay(loses_reply=1)
    issue = make_sending_issue(*make_readers(1))
    send_slice(issue_id=issue.pk)
    assert issue.send_again(now=timezone.now()) == 1
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"sent": 1}
    assert list(sink.accepted.values()) == [2]


def test_a_relay_that_cuts_connections_short_costs_no_reader_an_attempt(relay):
    sink = relay(busy_every=50)
    issue = make_sending_issue(*make_readers(180))
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"sent": 180}
    assert set(issue.deliveries.values_list("attempts", flat=True)) == {0}
    assert set(sink.accepted.values()) == {1}


def test_a_receiver_that_asks_to_slow_down_is_left_alone_a_minute_then_two(relay):
    relay(slow_down_every=5)
    issue = make_sending_issue(*make_readers(30))
    send_slice(issue_id=issue.pk)
    assert ReceiverPause.objects.get().minutes == 1
    assert send_slice(issue_id=issue.pk).sent == 0
    assert states(issue) == {"sent": 5, "pending": 25}
    later = timezone.now() + dt.timedelta(minutes=2)
    send_slice(issue_id=issue.pk, now=lambda: later)
    assert states(issue) == {"sent": 10, "pending": 20}
    assert ReceiverPause.objects.get().minutes == 2


def test_a_relay_that_is_gone_pauses_the_issue_after_twenty_attempts(settings, monkeypatch):
    monkeypatch.setattr(sender, "LONGEST_WAIT", 0)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    issue = make_sending_issue(*make_readers(3))
    send_slice(issue_id=issue.pk)
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert "does not answer" in issue.reason
    assert states(issue) == {"pending": 3}


@pytest.mark.parametrize("stop", ["pause", "cancel", "kill switch", "latest time"])
def test_a_stop_bites_within_one_mail(relay, monkeypatch, stop):
    sink = relay()
    issue = make_sending_issue(*make_readers(40))
    stops = {
        "pause": lambda: Issue.objects.get().pause(reason="A typo."),
        "cancel": lambda: Issue.objects.get().cancel(reason="A typo."),
        "kill switch": lambda: Switch.objects.update(stop=True),
        "latest time": lambda: Issue.objects.update(send_by=timezone.now()),
    }
    after_mark(monkeypatch, number=9, act=stops[stop])
    Issue.objects.update(send_at=timezone.now() - dt.timedelta(days=2))
    assert send_slice(issue_id=issue.pk).sent == 9
    assert sink.accepted.total() == 9
    assert states(issue) == {"sent": 9, "pending": 31}


def test_whoever_leaves_after_the_freeze_gets_nothing(relay):
    sink = relay()
    stays, leaves = make_readers(2)
    issue = make_sending_issue(stays, leaves)
    leaves.erase(proof=Proof(Channel.FORM), now=timezone.now())
    send_slice(issue_id=issue.pk)
    assert list(sink.recipients) == [stays.email]
    assert states(issue) == {"sent": 1, "suppressed": 1}


def test_whoever_leaves_during_the_send_gets_nothing(relay, monkeypatch):
    monkeypatch.setattr(queue, "CLAIM", queue.CLAIM.replace("limit 200", "limit 5"))
    sink = relay()
    readers = make_readers(12)
    issue = make_sending_issue(*readers)
    leaver = readers[-1]
    leave = partial(leaver.unsubscribe, proof=Proof(Channel.ONE_CLICK), now=timezone.now())
    after_mark(monkeypatch, number=3, act=leave)
    send_slice(issue_id=issue.pk)
    assert leaver.email not in sink.recipients
    assert states(issue) == {"sent": 11, "suppressed": 1}


def test_a_connection_that_has_carried_its_share_is_replaced(relay, monkeypatch):
    monkeypatch.setattr(smtp, "MESSAGES_PER_CONNECTION", 10)
    carried = []
    close = Relay.close

    def closed(self):
        carried.append(self.taken)
        close(self)

    monkeypatch.setattr(Relay, "close", closed)
    sink = relay()
    issue = make_sending_issue(*make_readers(25))
    send_slice(issue_id=issue.pk)
    assert carried == [10, 10, 5]
    assert set(sink.accepted.values()) == {1}


def test_a_damaged_edition_is_never_sent(relay):
    sink = relay()
    issue = make_sending_issue(make_subscriber())
    with_guard_off("update newsletter_edition set message = message || 'x'::bytea")
    with pytest.raises(DamagedEditionError):
        send_slice(issue_id=issue.pk)
    assert not sink.accepted
    with_guard_off("update newsletter_edition set sha256 = sha256(message)")


def test_an_error_of_ours_within_a_mail_leaves_it_to_recovery(relay, monkeypatch):
    sink = relay()
    issue = make_sending_issue(*make_readers(5))
    handed_over = Relay.hand_over

    def break_at_the_third(self, message):
        handed_over(self, message)
        if self.taken == 3:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Relay, "hand_over", break_at_the_third)
        with pytest.raises(MemoryError):
            send_slice(issue_id=issue.pk)
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"sent": 4, "ambiguous": 1}
    assert set(sink.accepted.values()) == {1}


def test_a_worker_that_lost_its_lease_stops_before_the_body(relay, monkeypatch):
    sink = relay()
    issue = make_sending_issue(*make_readers(5))
    after_mark(monkeypatch, number=2, act=lambda: Lease.objects.update(closed_at=timezone.now()))
    send_slice(issue_id=issue.pk)
    assert sink.accepted.total() == 2
    Lease.objects.update(closed_at=None)  # for the invariants: as before the loss


@pytest.mark.parametrize(
    "address", ["a b@example.org\r\nRCPT TO:<c@example.org>", "a@example.org\n", "a>@example.org"]
)
def test_an_address_that_cannot_be_written_fails_alone(relay, address):
    relay()
    bad, good = make_readers(2)
    Subscriber.objects.filter(pk=bad.pk).update(email=address)
    issue = make_sending_issue(bad, good)
    send_slice(issue_id=issue.pk)
    assert states(issue) == {"failed": 1, "sent": 1}


def test_on_another_database_nothing_is_sent(relay):
    sink = relay()
    issue = make_sending_issue(make_subscriber())
    home = Switch.load(now=timezone.now()).database_identity
    Switch.objects.update(database_identity="7000000000000000000/1")
    assert send_slice(issue_id=issue.pk).sent == 0
    assert not sink.accepted
    Switch.objects.update(database_identity=home)


def after_mark(monkeypatch, *, number, act):
    """Does something at the moment at which the mail of that number is promised."""
    marked, marks = Queue.is_marked, []

    def is_marked(self):
        marks.append(marked(self))
        if len(marks) == number:
            act()
        return marks[-1]

    monkeypatch.setattr(Queue, "is_marked", is_marked)


def with_guard_off(statement):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("alter table newsletter_edition disable trigger user")
        cursor.execute(statement)
        cursor.execute("alter table newsletter_edition enable trigger user")


def in_parallel(work, *, times):
    from django.db import connection

    def run():
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
