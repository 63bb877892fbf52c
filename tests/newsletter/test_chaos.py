"""Real processes: killed, frozen and told to end, while Postgres and the relay fail.

The full run is `uv run python -m tests.newsletter.chaos`.
"""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from django.db import InternalError, connection
from django.utils import timezone

from newsletter.leases import slots_in_use
from newsletter.models import Delivery, Issue, Lease
from newsletter.sender import send_slice
from newsletter.slots import week_at
from newsletter.watch import recover_leases
from newsletter.weekly import draft_of, freeze, make_ready
from tests.factories import make_comparison, make_sending_issue, make_subscriber, make_tool
from tests.newsletter.chaos import CODE, run_chaos, stop_watching
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow
State = Delivery.State


@pytest.fixture(autouse=True)
def db(committed_db):
    """Commits are real here; the name tells pytest-django that a database is needed."""


@pytest.fixture
def chaos(tmp_path):
    yield lambda **options: run_chaos(tmp_path, **options)
    stop_watching()


def test_killed_workers_send_nothing_twice_and_lose_nothing_unknown(chaos):
    outcome = chaos(readers=600, kills=8, policy="hold")
    assert outcome.is_done
    assert outcome.broken == 0
    assert outcome.duplicates == 0
    assert outcome.lost_unknown == 0
    faults = 4  # 600 readers of whom 0.1 % are met by silence, and a hash that is not quite fair
    assert outcome.ambiguous <= outcome.kills + faults


def test_with_a_relay_that_drops_known_keys_nothing_is_missing_either(chaos):
    outcome = chaos(readers=600, kills=8, policy="idempotent")
    assert outcome.is_done
    assert outcome.duplicates == 0
    assert outcome.lost == 0


def test_where_doubts_are_sent_again_nothing_is_missing(chaos):
    outcome = chaos(readers=300, kills=4, policy="resend")
    assert outcome.is_done
    assert outcome.lost == 0
    assert outcome.duplicates <= outcome.doubts


@contextmanager
def worker(issue, sink, **settings):
    """One sending process, ended with the block."""
    options = {
        "database": connection.settings_dict["NAME"],
        "settings": {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": sink.port} | settings,
        "issue": issue.pk,
        "workers": 1,
        "kills": 0,
        "every": 1,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.newsletter.crew", json.dumps(options)],
        cwd=CODE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.stdout.close()
        process.terminate()
        process.wait(timeout=PATIENCE)


def child_of(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
        [pid] = children.read().split()
    return int(pid)


def make_readers(count):
    return [make_subscriber() for _ in range(count)]


def count(issue, state):
    return issue.deliveries.filter(state=state).count()


def test_a_worker_told_to_end_within_a_mail_leaves_no_doubt(relay):
    sink = relay(answers_dot_after=0.2)
    issue = make_sending_issue(*make_readers(50))
    with worker(issue, sink) as crew:
        until(lambda: len(sink.lines("accepted")) >= 3, "the first mails")
        os.kill(child_of(crew), signal.SIGTERM)
        crew.wait(timeout=PATIENCE)
    assert not Lease.objects.filter(closed_at=None).exists()
    sent = count(issue, State.SENT)
    assert count(issue, State.AMBIGUOUS) == 0
    assert sent >= 3
    assert count(issue, State.PENDING) == 50 - sent
    assert sink.accepted.total() == sent


def test_a_frozen_owner_keeps_its_lease_and_goes_on_when_it_thaws(relay, settings):
    settings.NEWSLETTER_CONNECTIONS = 1
    sink = relay(answers_dot_after=0.05)
    issue = make_sending_issue(*make_readers(30))
    with worker(issue, sink, NEWSLETTER_CONNECTIONS=1) as crew:
        until(lambda: len(sink.lines("accepted")) >= 3, "the first mails")
        owner = child_of(crew)
        os.kill(owner, signal.SIGSTOP)
        later = timezone.now() + 5 * (timezone.now() - issue.send_at)
        recover_leases(now=later)
        assert send_slice(issue_id=issue.pk).had_no_slot
        assert Lease.objects.filter(closed_at=None).count() == 1
        os.kill(owner, signal.SIGCONT)
        assert crew.wait(timeout=PATIENCE) == 0
    assert count(issue, State.SENT) == 30
    assert set(sink.accepted.values()) == {1}


def test_a_killed_owners_mails_are_taken_over_at_once(relay):
    sink = relay(answers_dot_after=0.1)
    issue = make_sending_issue(*make_readers(20))
    with worker(issue, sink) as crew:
        until(lambda: len(sink.lines("accepted")) >= 3, "the first mails")
        os.kill(child_of(crew), signal.SIGSTOP)
        crew.kill()  # its child has the same end by the death signal
    until(lambda: slots_in_use() == 0, "the server to see that the session is gone")
    send_slice(issue_id=issue.pk)
    assert count(issue, State.AMBIGUOUS) <= 1
    assert count(issue, State.SENT) + count(issue, State.AMBIGUOUS) == 20
    assert set(sink.accepted.values()) == {1}


def test_when_postgres_ends_the_session_no_further_body_goes_out(relay):
    """As at a restart of the server: the owner's session is gone, and its lock with it."""
    sink = relay(answers_dot_after=0.05)
    issue = make_sending_issue(*make_readers(40))
    with worker(issue, sink) as crew:
        until(lambda: len(sink.lines("accepted")) >= 3, "the first mails")
        end_the_senders_sessions()
        # The worker's process breaks off; its crew starts another one, which goes on.
        assert crew.wait(timeout=PATIENCE) == 0
    assert Issue.objects.get().state == Issue.State.DONE
    assert count(issue, State.AMBIGUOUS) <= 1
    assert count(issue, State.SENT) + count(issue, State.AMBIGUOUS) == 40
    assert set(sink.accepted.values()) == {1}


def test_fifty_slices_at_once_send_nothing_twice(relay, settings):
    settings.NEWSLETTER_CONNECTIONS = 2
    sink = relay()
    issue = make_sending_issue(*make_readers(500))
    threads = [threading.Thread(target=one_slice, args=[issue.pk]) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(issue, State.SENT) == 500
    assert set(sink.accepted.values()) == {1}


def one_slice(issue_id):
    try:
        send_slice(issue_id=issue_id)
    finally:
        connection.close()


def end_the_senders_sessions():
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'verdicts newsletter'"
            " and datname = current_database()"
        )


def test_a_freeze_that_is_killed_half_way_is_whole_after_the_next_one(settings):
    """The server stops the insert in its middle, as it does when its client is killed."""
    first, second = make_tool(), make_tool()
    published = make_comparison(first, second, publish_at=timezone.now() - dt.timedelta(days=1))
    readers = make_readers(5)
    issue = draft_of(week_at(timezone.now()))
    make_ready(issue, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(BREAK_AT_THE_THIRD)
    try:
        with pytest.raises(InternalError, match="the process was killed"):
            freeze(issue, now=timezone.now())
        assert not issue.deliveries.exists()
        assert Issue.objects.get().state == Issue.State.FREEZING
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop function break_at_the_third() cascade")
    freeze(issue, now=timezone.now())
    assert issue.audience == issue.deliveries.count() == len(readers)
    published.delete()
    first.delete()
    second.delete()


BREAK_AT_THE_THIRD = """
create function break_at_the_third() returns trigger language plpgsql as $$
begin
    if (select count(*) from newsletter_delivery) = 2 then
        raise exception 'the process was killed' using errcode = 'internal_error';
    end if;
    return new;
end $$;
create trigger break_at_the_third before insert on newsletter_delivery
for each row execute function break_at_the_third();
"""
