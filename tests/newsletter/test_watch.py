"""An issue on its way: doubts, reports, its latest time, its end."""

import pytest
from django.utils import timezone

from newsletter.models import Delivery, Issue, Lease, MailEvent, Subscriber, Switch
from newsletter.watch import LATE, MOVED, adopt_database, drop_old_deliveries
from newsletter.weekly import tick
from tests.factories import make_sending_issue, make_subscriber
from tests.newsletter.week import DAY, MINUTE, SLOT, publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]
State = Issue.State


def test_an_issue_on_its_way_is_held_at_its_latest_time():
    issue = make_sending_issue(make_subscriber())
    tick(now=issue.send_by)
    issue.refresh_from_db()
    assert (issue.state, issue.reason) == (State.HELD, LATE)


def test_at_the_latest_time_what_was_deferred_has_failed_and_the_issue_is_done():
    issue = make_sending_issue(make_subscriber())
    issue.deliveries.update(state=Delivery.State.DEFERRED, next_at=issue.send_by + DAY)
    tick(now=issue.send_by)
    issue.refresh_from_db()
    assert issue.state == State.DONE
    assert issue.deliveries.get().reply.startswith("temporary")


@pytest.mark.parametrize(
    ("policy", "after"),
    [("hold", Delivery.State.AMBIGUOUS), ("resend", Delivery.State.PENDING)],
)
def test_doubts_wait_for_a_person_or_are_sent_again(policy, after):
    issue = make_sending_issue(make_subscriber(), ambiguous_policy=policy)
    lease = Lease.objects.create(issue=issue, slot=1, opened_at=SLOT, closed_at=timezone.now())
    issue.deliveries.update(state=Delivery.State.AMBIGUOUS, lease=lease)
    tick(now=timezone.now())
    assert issue.deliveries.get().state == after


def test_a_doubt_waits_for_the_providers_word_before_it_is_sent_again(settings):
    settings.MAIL_WEBHOOK_SECRET = "a secret of the provider"
    issue = make_sending_issue(make_subscriber(), ambiguous_policy="resend")
    now = timezone.now()
    lease = Lease.objects.create(issue=issue, slot=1, opened_at=SLOT, closed_at=now)
    issue.deliveries.update(state=Delivery.State.AMBIGUOUS, lease=lease)
    tick(now=now + 14 * MINUTE)
    assert issue.deliveries.get().state == Delivery.State.AMBIGUOUS
    tick(now=now + 16 * MINUTE)
    assert issue.deliveries.get().state == Delivery.State.PENDING


@pytest.mark.parametrize(
    ("kind", "count", "is_paused"),
    [
        ("complained", 1, False),
        ("complained", 2, True),
        ("bounced", 25, False),
        ("bounced", 26, True),
    ],
)
def test_many_complaints_or_bounces_pause_the_issue(kind, count, is_paused):
    readers = Subscriber.objects.bulk_create(
        Subscriber(
            email=f"{n}@example.org", email_key=b"%d" % n, state="confirmed", confirmed_at=SLOT
        )
        for n in range(501)
    )
    issue = make_sending_issue(*readers)
    sent = issue.deliveries.exclude(subscriber=readers[-1])
    sent.update(state=Delivery.State.SENT, sent_at=SLOT)
    MailEvent.objects.bulk_create(
        MailEvent(provider="p", event_id=str(n), kind=kind, issue=issue, at=SLOT)
        for n in range(count)
    )
    tick(now=timezone.now())
    issue.refresh_from_db()
    assert (issue.state == State.PAUSED) == is_paused


def test_on_a_moved_database_issues_are_held_until_it_is_adopted():
    publish()
    make_subscriber()
    Switch.objects.update(database_identity="7000000000000000000/1")
    tick(now=SLOT)
    issue = Issue.objects.get()
    assert (issue.state, issue.reason) == (State.HELD, MOVED)
    adopt_database(now=SLOT + MINUTE)
    tick(now=SLOT + MINUTE)
    issue.refresh_from_db()
    assert issue.state == State.SENDING


def test_an_issue_on_its_way_is_held_on_a_moved_database():
    issue = make_sending_issue(make_subscriber())
    Switch.objects.update(database_identity="7000000000000000000/1")
    assert tick(now=timezone.now()) == []
    issue.refresh_from_db()
    assert issue.state == State.HELD


def test_a_stalled_issue_is_called_out(caplog):
    issue = make_sending_issue(make_subscriber())
    tick(now=timezone.now() + MINUTE)
    assert "no worker sends it" not in caplog.text
    tick(now=timezone.now() + 5 * MINUTE)
    assert f"{issue} waits to be sent and no worker sends it." in caplog.text


def test_deliveries_of_an_old_issue_go_and_its_totals_stay():
    issue = make_sending_issue(make_subscriber())
    issue.deliveries.update(state=Delivery.State.SENT, sent_at=SLOT)
    MailEvent.objects.create(
        provider="p", event_id="1", kind="delivered", issue=issue, at=timezone.now()
    )
    tick(now=timezone.now())
    drop_old_deliveries(now=timezone.now() + 30 * DAY)
    assert issue.deliveries.exists()
    drop_old_deliveries(now=timezone.now() + 100 * DAY)
    issue.refresh_from_db()
    assert not issue.deliveries.exists()
    assert not issue.mail_events.exists()
    assert issue.books(now=timezone.now()).sent == 1
