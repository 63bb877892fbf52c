"""Moving to another address: it has to confirm, and until then everything stays."""

import datetime as dt
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsletter import outbox
from newsletter.addresses import email_key
from newsletter.models import (
    Channel,
    Move,
    OutgoingMail,
    Proof,
    SignUp,
    Subscriber,
    Suppression,
)
from newsletter.tokens import preferences_token, unsubscribe_token
from tests.factories import NOW, make_category, make_move, make_sending_issue, make_subscriber

PROOF = Proof(Channel.LINK)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unused_limits")]


def form_of(reader):
    return f"/newsletter/preferences/{preferences_token(reader.pk, reader.token_version)}/address/"


def answer_all(*, now=None):
    for pk in SignUp.objects.values_list("pk", flat=True):
        outbox.answer(pk, now=now or timezone.now())


def ask(client, reader, address):
    page = f"http://testserver{form_of(reader)}"
    return client.post(form_of(reader), {"email": address}, headers={"Referer": page})


def link_in(message):
    [link] = [word for word in message.body.split() if "/newsletter/move/" in word]
    return urlsplit(link).path


def test_a_reader_moves_with_topics_and_history(client):
    reader = make_subscriber("old@example.org", topics=[make_category().pk])
    issue = make_sending_issue(reader)
    assert ask(client, reader, "New@Example.org")["Location"] == "/newsletter/check-your-inbox/"
    answer_all()
    [message] = mail.outbox
    assert message.to == ["New@example.org"]
    way = link_in(message)
    assert "New@example.org" in client.get(way).text
    reader.refresh_from_db()
    assert reader.email == "old@example.org"

    assert "You’re in" in client.post(way).text
    moved = Subscriber.objects.get()
    assert (moved.pk, moved.email, moved.state) == (reader.pk, "New@example.org", "confirmed")
    assert moved.topics == reader.topics
    assert issue.deliveries.get().subscriber_id == moved.pk
    assert Subscriber.objects.of_address("new@example.org") == moved
    events = [event.kind for event in moved.events.all()]
    assert events == ["move-asked", "confirm-sent", "moved"]
    assert {event.page for event in moved.events.all()} == {""}  # and no token


def test_confirming_twice_is_confirming_once(client):
    reader = make_subscriber()
    ask(client, reader, "new@example.org")
    answer_all()
    pages = [client.post(link_in(mail.outbox[0])) for _ in range(3)]
    assert [page.status_code for page in pages] == [200] * 3
    assert all("You’re in" in page.text for page in pages)
    assert reader.events.filter(kind="moved").count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_moves_nobody(client, method):
    reader = make_subscriber("old@example.org")
    ask(client, reader, "new@example.org")
    answer_all()
    for url in (form_of(reader), link_in(mail.outbox[0])):
        for _ in range(10):
            assert getattr(client, method)(url).status_code == 200
    reader.refresh_from_db()
    assert reader.email == "old@example.org"


def test_nothing_tells_what_is_known_of_the_other_address(client):
    reader = make_subscriber("old@example.org")
    make_subscriber("confirmed@example.org")
    make_subscriber("left@example.org").unsubscribe(proof=PROOF, now=timezone.now())
    make_subscriber("spam@example.org").complain(proof=PROOF, now=timezone.now())
    make_subscriber("pending@example.org", state="pending", confirmed_at=None)
    ask(client, reader, "warming-up@example.org")
    seen = set()
    for name in ("unknown", "pending", "confirmed", "left", "spam", "old"):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(client, reader, f"{name}@example.org")
        shapes = tuple(query["sql"].split(" ")[0] for query in queries)
        headers = {name: value for name, value in answer.items() if name != "Expires"}  # a clock
        seen.add((answer.status_code, answer.content, str(headers), shapes))
    assert len(seen) == 1


def test_a_stranger_at_the_other_address_learns_nothing_and_can_refuse(client):
    reader = make_subscriber("somebody.special@example.org")
    ask(client, reader, "stranger@example.net")
    answer_all()
    [message] = mail.outbox
    way = link_in(message)
    whole = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    parts = [part.get_content() for part in whole.iter_parts()]
    assert len(parts) == 2
    for text in (*parts, client.get(way).text):
        assert "special" not in text
        assert "s…@example.org" not in text
    for token in (unsubscribe_token(reader.pk, 1), preferences_token(reader.pk, 1)):
        assert token not in "".join(parts)
        assert token[-16:] not in str(message.message())
    assert "is erased here" in client.post(way, {"refuse": "1"}).text
    assert client.get(way).status_code == 410
    assert not Move.objects.exists()
    reader.refresh_from_db()
    assert (reader.email, reader.state) == ("somebody.special@example.org", "confirmed")


def test_who_has_the_email_at_the_other_address_hears_so_there(client):
    make_subscriber("other@example.org")
    ask(client, make_subscriber("reader@example.org"), "other@example.org")
    answer_all()
    [message] = mail.outbox
    assert message.to == ["other@example.org"]
    assert "already" in message.subject
    assert not Move.objects.exists()


def test_an_address_that_subscribed_meanwhile_keeps_its_own_and_the_old_one_is_forgotten(client):
    reader = make_subscriber("old@example.org")
    ask(client, reader, "new@example.org")
    answer_all()
    there = make_subscriber("new@example.org")
    way = link_in(mail.outbox[0])
    assert [client.post(way).status_code for _ in range(2)] == [200, 200]
    assert Subscriber.objects.confirmed().get() == there
    reader.refresh_from_db()
    assert reader.state == "erased"


@pytest.mark.parametrize("ended", ["unsubscribe", "stop_as_undeliverable", None])
def test_an_address_that_was_here_before_is_taken_over(client, ended):
    former = make_subscriber("new@example.org")
    if ended:
        getattr(former, ended)(proof=PROOF, now=timezone.now())
    else:
        Subscriber.objects.filter(pk=former.pk).update(state="pending", confirmed_at=None)
    reader = make_subscriber("old@example.org")
    ask(client, reader, "new@example.org")
    answer_all()
    client.post(link_in(mail.outbox[0]))
    assert Subscriber.objects.confirmed().get().pk == reader.pk
    assert Subscriber.objects.of_address("new@example.org") == reader
    assert [each.reason for each in Suppression.objects.all()] == ["unsubscribed"]  # the old one


def test_an_address_that_complained_is_not_even_asked(client):
    make_subscriber("spam@example.org").complain(proof=PROOF, now=timezone.now())
    ask(client, make_subscriber(), "spam@example.org")
    answer_all()
    assert not mail.outbox


def test_links_mailed_to_the_old_address_lead_nowhere_but_out(client):
    reader = make_subscriber("old@example.org")
    old = unsubscribe_token(reader.pk, 1), preferences_token(reader.pk, 1)
    ask(client, reader, "new@example.org")
    answer_all()
    client.post(link_in(mail.outbox[0]))
    assert client.get(f"/newsletter/preferences/{old[1]}/").status_code == 410
    assert client.post(f"/newsletter/preferences/{old[1]}/address/").status_code == 410
    way_out = f"/newsletter/unsubscribe/{old[0]}/"
    for page in (client.get(way_out), client.post(way_out, {"undo": "1"}), client.post(way_out)):
        assert page.status_code == 200
        assert "n…@example.org" not in page.text
        assert "/preferences/" not in page.text
    assert "You get no more mail" in page.text
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


def test_an_older_wish_does_not_move_a_reader_back(client):
    reader = make_subscriber("old@example.org")
    for name in ("first", "second"):
        ask(client, reader, f"{name}@example.org")
    answer_all()
    first, second = (link_in(message) for message in mail.outbox)
    client.post(second)
    assert client.post(first).status_code == 410
    assert Subscriber.objects.get().email == "second@example.org"


def test_who_left_meanwhile_is_not_brought_back(client):
    reader = make_subscriber()
    ask(client, reader, "new@example.org")
    answer_all()
    reader.unsubscribe(proof=PROOF, now=timezone.now())
    assert client.post(link_in(mail.outbox[0])).status_code == 410
    assert not Subscriber.objects.confirmed().exists()


def test_an_address_is_asked_once_a_day_by_whomever_and_a_reader_asks_three():
    now = timezone.now()
    readers = [make_subscriber() for _ in range(3)]
    for reader in readers:
        make_wish(reader, "victim@example.org", at=now)
    make_wish(None, "victim@example.org", at=now)
    answer_all(now=now)
    assert len(mail.outbox) == 1
    for number in range(5):
        make_wish(readers[-1], f"other-{number}@example.org", at=now)
    answer_all(now=now)
    assert len(mail.outbox) == 1 + 3


def make_wish(reader, address, *, at):
    from newsletter.models import ConsentText

    return SignUp.objects.create(
        wish=SignUp.Wish.MOVE if reader else SignUp.Wish.SUBSCRIBE,
        subscriber=reader,
        email=address,
        email_key=email_key(address),
        at=at,
        text=ConsentText.objects.current(),
    )


def test_an_address_that_does_not_confirm_is_forgotten_after_two_weeks(client):
    reader, now = make_subscriber("old@example.org"), timezone.now()
    ask(client, reader, "new@example.org")
    answer_all()
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=13, hours=23))
    assert Move.objects.exists()
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=14, hours=1))
    assert not Move.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert client.post(link_in(mail.outbox[0])).status_code == 410


@pytest.mark.parametrize("fields", [{}, {"email": "no address"}, {"email": "a@mailinator.com"}])
def test_what_cannot_be_an_address_is_said(client, fields):
    answer = client.post(form_of(make_subscriber()), fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not SignUp.objects.exists()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"confirmed_at": NOW}, "move_holds_its_address_until_confirmed"),
        ({"email": ""}, "move_holds_its_address_until_confirmed"),
    ],
)
def test_the_database_refuses(fields, constraint):
    make_move(make_subscriber(), "new@example.org")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Move.objects.update(**fields)


def test_the_database_refuses_a_wish_to_move_of_nobody():
    wish = make_wish(make_subscriber(), "a@example.org", at=NOW)
    with pytest.raises(IntegrityError, match="who_moves_is_known"), transaction.atomic():
        SignUp.objects.filter(pk=wish.pk).update(subscriber=None)
