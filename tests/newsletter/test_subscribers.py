"""What the database refuses of subscribers, and what their verbs leave behind."""

import datetime as dt
import hashlib

import pytest
from django.db import IntegrityError, transaction

from newsletter.addresses import (
    UnusableAddressError,
    address_of,
    email_key,
    is_disposable,
    receiver_of,
)
from newsletter.consent import VERSION, WORDING
from newsletter.models import (
    Channel,
    ConsentEvent,
    ConsentText,
    Proof,
    StaleConfirmationError,
    Subscriber,
    Suppression,
)
from tests.factories import NOW, make_subscriber

PROOF = Proof(Channel.LINK)
LATER = NOW + dt.timedelta(minutes=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "confirmed", "confirmed_at": None}, "subscriber_is_confirmed_at_an_hour"),
        ({"state": "confirmed", "ended_at": NOW}, "subscriber_has_ended_at_an_hour"),
        ({"state": "unsubscribed", "ended_at": None}, "subscriber_has_ended_at_an_hour"),
        ({"state": "pending", "ended_at": NOW}, "subscriber_has_ended_at_an_hour"),
        ({"state": "unheard-of"}, "subscriber_has_ended_at_an_hour"),
        ({"state": "erased", "ended_at": NOW}, "subscriber_has_no_address_once_erased"),
        ({"email": ""}, "subscriber_has_no_address_once_erased"),
        ({"email_key": None}, "subscriber_has_no_address_once_erased"),
        ({"bounce_score": -1}, "subscriber_bounce_score_is_never_negative"),
    ],
)
def test_the_database_refuses(fields, constraint):
    reader = make_subscriber()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Subscriber.objects.filter(pk=reader.pk).update(**fields)


@pytest.mark.django_db
def test_an_address_subscribes_once_however_it_is_written():
    make_subscriber("Reader@example.org")
    with pytest.raises(IntegrityError, match="email_key"), transaction.atomic():
        make_subscriber("reader@EXAMPLE.org")


@pytest.mark.django_db
def test_the_proof_of_consent_is_written_once():
    reader = make_subscriber()
    reader.unsubscribe(proof=PROOF, now=NOW)
    texts = ConsentText.objects.all()
    for change in (
        lambda: reader.events.update(at=LATER),
        lambda: ConsentEvent.objects.all().delete(),
        lambda: texts.update(body="Anything."),
        lambda: texts.filter(version=VERSION)._raw_delete("default"),
    ):
        with (
            pytest.raises(IntegrityError, match=r"append-only|never changed"),
            transaction.atomic(),
        ):
            change()


@pytest.mark.django_db
def test_erasing_one_reader_opens_nobody_else_s_proof():
    reader, other = make_subscriber(), make_subscriber()
    for each in (reader, other):
        each.choose_topics([1], proof=Proof(Channel.LINK, network="203.0.113.0/24"), now=NOW)
    reader.erase(proof=PROOF, now=NOW)
    assert {event.network for event in reader.events.all()} == {""}
    assert {event.network for event in other.events.all()} == {"203.0.113.0/24"}
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        reader.events.update(page="/x")


def test_a_new_wording_gets_a_new_version():
    """Whoever changes the words beside the sign-up box adds one to VERSION, and a line here."""
    recorded = {1: "67cf"}
    assert hashlib.sha256(WORDING.encode()).hexdigest()[:4] == recorded[VERSION]


@pytest.mark.django_db
def test_a_complaint_is_never_lifted():
    reader = make_subscriber("reader@example.org")
    reader.complain(proof=PROOF, now=NOW)
    for verb in (reader.unsubscribe, reader.stop_as_undeliverable, reader.undo_unsubscribe):
        verb(proof=PROOF, now=LATER)
    with pytest.raises(StaleConfirmationError):
        reader.confirm(asked_at=LATER, proof=PROOF, now=LATER)
    reader.erase(proof=PROOF, now=LATER)
    assert Suppression.objects.get().reason == "complained"

    again = make_subscriber("reader@example.org", state="pending", confirmed_at=None)
    with pytest.raises(StaleConfirmationError):
        again.confirm(asked_at=LATER, proof=PROOF, now=LATER)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Reader@Example.ORG ", "Reader@example.org"),
        ("o'brien+x@example.org", "o'brien+x@example.org"),
        ("reader@bücher.example", "reader@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_it_can_be_sent_to(typed, kept):
    assert address_of(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "reader",
        "@example.org",
        "a b@example.org",
        "büro@example.org",
        "a@localhost",
        '"a b"@x.org',
    ],
)
def test_what_cannot_be_sent_to_is_no_address(typed):
    with pytest.raises(UnusableAddressError):
        address_of(typed)


def test_addresses_are_recognised_and_grouped():
    assert email_key("Reader@example.org") == email_key("reader@example.org")
    assert email_key("reader@example.org") != email_key("reader+x@example.org")
    assert receiver_of("a@googlemail.com") == receiver_of("b@gmail.com") == "google"
    assert receiver_of("a@Example.org") == "example.org"
    assert is_disposable("a@mailinator.com")
    assert is_disposable("a@sub.mailinator.com")
    assert not is_disposable("a@example.org")
