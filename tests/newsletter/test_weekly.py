"""The steps of a week's issue, as the minute's tick takes them."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from newsletter.models import (
    Delivery,
    Edition,
    Issue,
    Lease,
    MailEvent,
    QuietWeek,
    Subscriber,
    Switch,
    WrongStateError,
)
from newsletter.slots import slot_of
from newsletter.watch import LATE, MOVED, adopt_database, drop_old_deliveries
from newsletter.weekly import (
    NothingToSayError,
    digest_of,
    draft_of,
    freeze,
    make_ready,
    rendered,
    tick,
)
from tests.factories import (
    MONDAY,
    make_category,
    make_comparison,
    make_edition,
    make_issue,
    make_panel,
    make_sending_issue,
    make_subscriber,
    make_tool,
)

pytestmark = pytest.mark.django_db
State = Issue.State
SLOT = slot_of(MONDAY)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def installed():
    """Long before the week of these tests."""
    Switch.load(now=SLOT)
    Switch.objects.update(installed_at=SLOT - 30 * DAY)


def publish(at=SLOT - DAY, category=None, **fields):
    category = category or make_category()
    first, second = make_tool(category=category), make_tool(category=category)
    make_panel(first, ships=4, written_on=at.date())
    make_panel(second, ships=1, written_on=at.date())
    return make_comparison(first, second, publish_at=at, **fields)


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


def test_a_cancelled_weeks_slot_does_nothing():
    publish()
    draft_of(MONDAY).cancel(reason="Not this week.")
    tick(now=SLOT)
    assert Issue.objects.get().state == State.CANCELLED


def test_readers_with_topics_get_only_those_and_others_nothing():
    coding, writing, law = make_category("coding"), make_category("writing"), make_category("law")
    publish(category=coding)
    publish(category=writing)
    everything = make_subscriber()
    coder = make_subscriber(topics=[coding.pk, law.pk])
    lawyer = make_subscriber(topics=[law.pk])
    tick(now=SLOT)
    issue = Issue.objects.get()
    editions = {
        delivery.subscriber_id: delivery.edition.topics
        for delivery in issue.deliveries.select_related("edition")
    }
    assert editions == {everything.pk: [], coder.pk: [coding.pk]}
    assert lawyer.pk not in editions
    assert issue.audience == 2


def test_a_choice_of_topics_first_made_after_the_issue_was_ready_gets_its_edition():
    coding, writing = make_category("coding"), make_category("writing")
    publish(category=coding)
    publish(category=writing)
    issue = draft_of(MONDAY)
    make_ready(issue, now=SLOT - MINUTE)
    assert issue.editions.count() == 1
    make_subscriber(topics=[writing.pk])
    tick(now=SLOT)
    issue.refresh_from_db()
    assert issue.audience == 1
    assert Delivery.objects.get().edition.topics == [writing.pk]


def test_a_reader_whose_only_topic_is_gone_gets_every_topic():
    coding, law = make_category("coding"), make_category("law")
    publish(category=coding)
    lawyer, both = (
        make_subscriber(topics=[law.pk]),
        make_subscriber(topics=sorted([coding.pk, law.pk])),
    )
    law.delete()
    tick(now=SLOT)
    editions = {
        delivery.subscriber_id: delivery.edition.topics
        for delivery in Delivery.objects.select_related("edition")
    }
    assert editions == {lawyer.pk: [], both.pk: [coding.pk]}
    lawyer.refresh_from_db()
    assert lawyer.topics == []


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


def test_what_is_ready_is_not_made_anew():
    comparison = publish()
    issue = draft_of(MONDAY)
    make_ready(issue, now=SLOT - MINUTE)
    before = bytes(issue.editions.get().message)
    comparison.first.name = "Renamed"
    comparison.first.save()
    make_ready(issue, now=SLOT)
    assert bytes(issue.editions.get().message) == before


def test_the_same_issue_renders_to_the_same_bytes():
    publish()
    issue = draft_of(MONDAY)
    make_ready(issue, now=SLOT)
    again = rendered(issue, digest_of(issue, now=SLOT + DAY)).mime
    assert bytes(Edition.objects.get().message) == again


def test_an_intro_and_an_order_of_items_stand_in_the_mail():
    publish(at=SLOT - 2 * DAY)
    old = publish(at=SLOT - 3 * DAY)
    issue = draft_of(MONDAY)
    issue.intro = "A quiet week."
    issue.item_order = [f"new:{old.get_absolute_url()}"]
    issue.save()
    make_ready(issue, now=SLOT)
    assert issue.contents["items"][0]["path"] == old.get_absolute_url()
    assert "A quiet week." in issue.editions.get().text


def test_a_draft_with_nothing_to_say_is_not_made_ready():
    with pytest.raises(NothingToSayError):
        make_ready(draft_of(MONDAY), now=SLOT)


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


def test_an_issue_is_not_resumed_that_was_never_stopped():
    with pytest.raises(WrongStateError):
        make_issue().resume(now=SLOT)


def test_an_edition_of_a_cancelled_issue_is_kept():
    issue = make_issue(state=State.READY)
    make_edition(issue)
    issue.cancel(reason="")
    assert issue.editions.count() == 1
