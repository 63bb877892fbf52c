import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from newsletter.models import Delivery, Edition, Issue, Switch, WrongStateError
from tests.factories import NOW, make_edition, make_issue, make_subscriber

pytestmark = pytest.mark.django_db
State = Issue.State


def test_a_week_has_one_issue():
    make_issue()
    with pytest.raises(IntegrityError, match="week_has_one_issue"):
        make_issue()


def test_an_issue_belongs_to_a_monday():
    with pytest.raises(IntegrityError, match="issue_week_begins_on_a_monday"):
        make_issue(week_of=dt.date(2026, 11, 17))


def test_pausing_and_resuming_keeps_the_audience():
    issue = make_issue(state=State.SENDING, audience=3, frozen_at=NOW)
    issue.pause(reason="A typo.")
    assert (issue.state, issue.reason) == (State.PAUSED, "A typo.")
    issue.resume(now=NOW)
    assert (issue.state, issue.reason, issue.audience) == (State.SENDING, "", 3)


def test_an_issue_that_is_resumed_late_gets_another_day():
    issue = make_issue(state=State.HELD, audience=3, frozen_at=NOW, send_by=NOW)
    later = NOW + dt.timedelta(days=2)
    issue.resume(now=later)
    assert issue.send_by == later + dt.timedelta(days=1)


def test_what_is_done_is_neither_paused_nor_cancelled():
    issue = make_issue(state=State.DONE, audience=0, frozen_at=NOW)
    for step in (issue.pause, issue.cancel, issue.hold):
        with pytest.raises(WrongStateError, match="done"):
            step(reason="Too late.")


@pytest.mark.parametrize("field", ["subject", "intro", "contents", "answers", "slot_on"])
def test_the_words_of_a_scheduled_issue_are_fixed(field):
    issue = make_issue(state=State.READY, contents={"items": [1]})
    changed = {"contents": {"items": []}, "answers": {"a-vs-b": {}}, "slot_on": dt.date(2026, 1, 1)}
    with pytest.raises(IntegrityError, match="not changed once it is scheduled"):
        Issue.objects.filter(pk=issue.pk).update(**{field: changed.get(field, "Other words")})


def test_an_edition_is_never_changed_and_comes_before_the_sending():
    issue = make_issue(state=State.READY, contents={"items": [1]})
    edition = make_edition(issue)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(text="Other words")
    Issue.objects.filter(pk=issue.pk).update(state=State.SENDING, audience=0, frozen_at=NOW)
    with pytest.raises(IntegrityError, match="no further edition"):
        make_edition(issue, topics=[1])


def test_a_delivery_exists_once_and_stays_sent():
    delivery = make_delivery(state=Delivery.State.SENT, sent_at=NOW)
    with pytest.raises(IntegrityError, match="stays sent"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.PENDING)
    with pytest.raises(IntegrityError, match="newsletter_delivery_pkey"):
        Delivery.objects.bulk_create([delivery])


@pytest.mark.parametrize(
    ("fields", "claim"),
    [
        ({"state": 7}, "delivery_state_is_known"),
        ({"state": Delivery.State.CLAIMED}, "delivery_is_claimed_by_a_lease"),
        ({"state": Delivery.State.DEFERRED}, "deferred_delivery_waits_for_an_hour"),
        ({"state": Delivery.State.SENT}, "sent_delivery_has_its_hour"),
    ],
)
def test_the_database_refuses_half_a_delivery(fields, claim):
    with pytest.raises(IntegrityError, match=claim):
        make_delivery(**fields)


def test_sending_again_queues_ambiguous_mails_and_reopens_the_issue():
    delivery = make_delivery(state=Delivery.State.AMBIGUOUS)
    Issue.objects.update(state=State.DONE, audience=1, frozen_at=NOW)
    issue = Issue.objects.get()
    assert issue.books(now=NOW).ambiguous == 1
    assert issue.send_again(subscriber_ids=[delivery.subscriber_id], now=NOW) == 1
    assert issue.state == State.SENDING
    assert issue.books(now=NOW).pending == 1
    assert issue.books(now=NOW).balance


def test_an_issue_is_finished_when_nothing_is_left_to_try():
    delivery = make_delivery(state=Delivery.State.PENDING)
    Issue.objects.update(state=State.SENDING, audience=1, frozen_at=NOW)
    assert not Issue.objects.finished().exists()
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.AMBIGUOUS)
    assert Issue.objects.finished().exists()


def test_an_ambiguous_mail_keeps_an_issue_open_where_it_is_sent_again():
    make_delivery(state=Delivery.State.AMBIGUOUS)
    Issue.objects.update(
        state=State.SENDING, audience=1, frozen_at=NOW, ambiguous_policy=Issue.Policy.RESEND
    )
    assert not Issue.objects.finished().exists()


def test_the_switch_knows_its_database():
    switch = Switch.load(now=NOW)
    assert switch.is_at_home
    switch.database_identity = "7000000000000000000/1"
    switch.save()
    assert not Switch.load(now=NOW).is_at_home
    switch.adopt()
    assert Switch.load(now=NOW).is_at_home


def make_delivery(**fields):
    issue = make_issue()
    return Delivery.objects.create(
        issue=issue, subscriber=make_subscriber(), edition=make_edition(issue), **fields
    )


def test_an_issue_is_not_resumed_that_was_never_stopped():
    with pytest.raises(WrongStateError):
        make_issue().resume(now=NOW)


def test_an_edition_of_a_cancelled_issue_is_kept():
    issue = make_issue(state=State.READY)
    make_edition(issue)
    issue.cancel(reason="")
    assert issue.editions.count() == 1
