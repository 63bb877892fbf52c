"""What an issue says, and to whom: an edition for each set of topics."""

import pytest

from newsletter.editions import NothingToSayError, digest_of, rendered
from newsletter.models import Delivery, Edition, Issue
from newsletter.weekly import draft_of, make_ready, tick
from tests.factories import MONDAY, make_category, make_subscriber
from tests.newsletter.week import DAY, MINUTE, SLOT, publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


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
