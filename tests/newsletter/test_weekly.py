"""The steps of a week's issue, as the minute's tick takes them."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from newsletter.models import Delivery, Issue, QuietWeek, Subscriber, Switch
from newsletter.watch import LATE
from newsletter.weekly import draft_of, freeze, make_ready, tick
from tests.factories import MONDAY, make_sending_issue, make_subscriber
from tests.newsletter.week import DAY, MINUTE, SLOT, publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]
State = Issue.State


def test_before_the_slot_there_is_a_draft_and_no_more():
    publish()
    make_subscriber()
    tick(now=SLOT - MINUTE)
    assert Issue.objects.get(week_of=MONDAY).state == State.DRAFT
    assert not Delivery.objects.exists()


def test_the_slot_makes_the_issue_and_freezes_its_readers(settings):
    settings.NEWSLETTER_CONNECTIONS = 2
    publish()
    make_subscriber()
    make_subscriber(state=Subscriber.State.PENDING, confirmed_at=None)
    wanted = tick(now=SLOT)
    issue = Issue.objects.get()
    assert (issue.state, issue.audience, issue.slot_on) == (State.SENDING, 1, dt.date(2026, 11, 20))
    assert issue.send_by == SLOT + DAY
    assert wanted == [issue.pk] * 2


def test_two_ticks_make_one_issue():
    publish()
    make_subscriber()
    tick(now=SLOT)
    tick(now=SLOT)
    tick(now=SLOT + MINUTE)
    assert Issue.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_an_empty_week_has_no_issue_and_the_staff_hear_of_it_once(
    django_capture_on_commit_callbacks,
):
    User.objects.create_superuser("editor", "editor@verdicts.example")
    with django_capture_on_commit_callbacks(execute=True):
        tick(now=SLOT)
        tick(now=SLOT + MINUTE)
    assert not Issue.objects.exists()
    assert [message.to for message in mail.outbox] == [["editor@verdicts.example"]]
    publish(at=SLOT + MINUTE)
    tick(now=SLOT + 2 * MINUTE)
    assert not Issue.objects.exists()
    assert QuietWeek.objects.get().week_of == MONDAY


def test_what_comes_after_an_empty_weeks_slot_waits_for_the_next():
    tick(now=SLOT)
    publish(at=SLOT + DAY)
    tick(now=SLOT + 7 * DAY)
    assert Issue.objects.get().week_of == MONDAY + 7 * DAY


def test_the_first_issue_reaches_back_seven_days():
    publish(at=SLOT - 6 * DAY)
    publish(at=SLOT - 8 * DAY)
    tick(now=SLOT)
    assert len(Issue.objects.get().contents["items"]) == 1


def test_an_issue_says_what_was_published_since_the_last_one():
    publish(at=SLOT - DAY)
    tick(now=SLOT)
    publish(at=SLOT + DAY)
    tick(now=SLOT + 7 * DAY)
    counts = [len(issue.contents["items"]) for issue in Issue.objects.order_by("week_of")]
    assert counts == [1, 1]


def test_a_slot_before_the_installation_sends_nothing():
    publish()
    Switch.objects.update(installed_at=SLOT + MINUTE)
    tick(now=SLOT + 2 * MINUTE)
    assert not Issue.objects.exists()
    assert not QuietWeek.objects.exists()


def test_an_issue_that_comes_a_day_late_waits_for_a_person():
    publish()
    make_subscriber()
    tick(now=SLOT + DAY)
    issue = Issue.objects.get()
    assert (issue.state, issue.reason) == (State.HELD, LATE)
    issue.resume(now=SLOT + DAY)
    tick(now=SLOT + DAY)
    issue.refresh_from_db()
    assert issue.state == State.SENDING


def test_a_cancelled_weeks_slot_does_nothing():
    publish()
    draft_of(MONDAY).cancel(reason="Not this week.")
    tick(now=SLOT)
    assert Issue.objects.get().state == State.CANCELLED


def test_an_issue_of_which_no_mail_can_be_made_waits_for_a_person_alone():
    publish()
    make_subscriber()
    issue = draft_of(MONDAY)
    issue.intro = "語" * 9000
    issue.save()
    former = make_sending_issue(
        make_subscriber(), week_of=MONDAY - 7 * DAY, slot_on=MONDAY - 3 * DAY
    )
    former.deliveries.update(state=Delivery.State.SENT, sent_at=SLOT)
    tick(now=SLOT)
    issue.refresh_from_db()
    former.refresh_from_db()
    assert (issue.state, issue.is_editable) == (State.HELD, True)
    assert "No mail can be made of it" in issue.reason
    assert former.state == State.DONE

    issue.intro = "What is it?"
    issue.save()
    issue.resume(now=SLOT)
    tick(now=SLOT + MINUTE)
    issue.refresh_from_db()
    assert issue.state == State.SENDING


def test_a_freeze_that_was_cut_off_is_done_again_by_the_next_tick():
    publish()
    make_subscriber()
    issue = draft_of(MONDAY)
    make_ready(issue, now=SLOT)
    issue.move(State.FREEZING, out_of=[State.READY])  # and then its process was killed
    tick(now=SLOT + MINUTE)
    issue.refresh_from_db()
    assert (issue.state, issue.audience) == (State.SENDING, 1)


def test_freezing_twice_counts_nobody_twice():
    publish()
    make_subscriber()
    issue = draft_of(MONDAY)
    make_ready(issue, now=SLOT)
    freeze(issue, now=SLOT)
    freeze(issue, now=SLOT)
    assert issue.deliveries.count() == issue.audience == 1


def test_an_issue_whose_wake_ups_were_lost_wants_slices_at_every_tick():
    issue = make_sending_issue(make_subscriber())
    now = timezone.now()
    assert tick(now=now)
    assert tick(now=now + MINUTE)
    issue.deliveries.update(state=Delivery.State.SENT, sent_at=now)
    assert tick(now=now + 2 * MINUTE) == []
    issue.refresh_from_db()
    assert issue.state == State.DONE


def test_the_kill_switch_wakes_nobody():
    make_sending_issue(make_subscriber())
    Switch.objects.update(stop=True)
    assert tick(now=timezone.now()) == []
