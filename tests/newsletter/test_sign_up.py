"""Asking for the email: one page and one row whatever is known of the address."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from dns.resolver import LifetimeTimeout, NoNameservers, Resolver

from newsletter import outbox
from newsletter.addresses import email_key
from newsletter.forms import opened
from newsletter.limits import PER_ADDRESS, PER_NETWORK
from newsletter.models import (
    Channel,
    ConsentEvent,
    ConsentText,
    OutgoingMail,
    Proof,
    SignUp,
    Subscriber,
    Suppression,
)
from tests.factories import make_category, make_subscriber

PROOF = Proof(Channel.LINK)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unused_limits")]


def answer_all(*, now=None):
    for pk in SignUp.objects.values_list("pk", flat=True):
        outbox.answer(pk, now=now or timezone.now())


def links_in(message):
    return [word for word in message.body.split() if word.startswith("http")]


def path_in(message, part):
    [link] = [link for link in links_in(message) if f"/{part}/" in link]
    return urlsplit(link).path


def test_the_whole_way_in(client):
    make_category("coding")
    answer = client.post("/newsletter/", {"email": "Reader@Example.org", "categories": "coding"})
    assert (answer.status_code, answer["Location"]) == (303, "/newsletter/check-your-inbox/")
    assert "check your inbox" in client.get(answer["Location"]).text.lower()

    answer_all()
    [message] = mail.outbox
    assert message.to == ["Reader@example.org"]
    way = path_in(message, "confirm")
    assert "Confirm the address" in client.get(way).text
    assert Subscriber.objects.get().state == "pending"
    assert "You’re in" in client.post(way).text

    reader = Subscriber.objects.get()
    assert reader.state == "confirmed"
    assert reader.topics == [make_category("coding").pk]
    events = reader.events.all()
    assert [event.kind for event in events] == ["requested", "confirm-sent", "confirmed"]
    assert {event.text.body for event in events} == {ConsentText.objects.current().body}
    assert not SignUp.objects.exists()


def test_nothing_tells_what_is_known_of_an_address(client):
    make_subscriber("confirmed@example.org")
    make_subscriber("left@example.org").unsubscribe(proof=PROOF, now=timezone.now())
    make_subscriber("spam@example.org").complain(proof=PROOF, now=timezone.now())
    make_subscriber("erased@example.org").erase(proof=PROOF, now=timezone.now())
    make_subscriber("pending@example.org", state="pending", confirmed_at=None)
    client.post("/newsletter/", {"email": "warming-up@example.org"})
    seen = set()
    for name in ("new", "pending", "confirmed", "left", "spam", "erased"):
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/newsletter/", {"email": f"{name}@example.org"})
        shapes = tuple(query["sql"].split(" ")[0] for query in queries)
        page = client.get(answer["Location"])
        headers = {name: value for name, value in answer.items() if name != "Expires"}  # a clock
        seen.add((answer.status_code, answer.content, str(headers), shapes, page.content))
    assert len(seen) == 1
    assert not answer.cookies
    assert SignUp.objects.count() == 7
    assert not mail.outbox


def test_a_thousand_sign_ups_of_one_address_send_one_mail(client, settings):
    for number in range(1000):
        client.post(
            "/newsletter/", {"email": "victim@example.org"}, REMOTE_ADDR=f"10.{number % 250}.0.1"
        )
    assert SignUp.objects.count() == PER_ADDRESS.most
    answer_all()
    assert len(mail.outbox) == 1


def test_the_mails_are_bounded_even_without_the_counters():
    now = timezone.now()
    for hours in range(0, 24 * 14, 8):
        make_sign_up("victim@example.org", at=now + dt.timedelta(hours=hours))
        answer_all(now=now + dt.timedelta(hours=hours))
    assert len(mail.outbox) == 3


def make_sign_up(email, *, at, wish=SignUp.Wish.SUBSCRIBE, topics=()):
    return SignUp.objects.create(
        wish=wish,
        email=email,
        email_key=email_key(email),
        topics=list(topics),
        at=at,
        text=ConsentText.objects.current(),
    )


def test_a_network_may_sign_up_so_many_addresses(client):
    answers = [
        client.post(
            "/newsletter/", {"email": f"reader{n}@example.org"}, REMOTE_ADDR=f"203.0.113.{n}"
        )
        for n in range(PER_NETWORK.most + 5)
    ]
    assert [answer.status_code for answer in answers].count(429) == 5
    assert answers[-1]["Retry-After"] == "3600"
    assert "a minute" not in answers[-1].text, "it takes up to an hour"
    assert SignUp.objects.count() == PER_NETWORK.most
    elsewhere = client.post(
        "/newsletter/", {"email": "last@example.org"}, REMOTE_ADDR="198.51.100.1"
    )
    assert elsewhere.status_code == 303


def test_without_the_cache_everybody_may_sign_up(client, settings):
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert client.post("/newsletter/", {"email": "reader@example.org"}).status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": ""},
        {"email": "no address"},
        {"email": "a@b"},
        {"email": "a@b@example.org"},
        {"email": "x" * 300 + "@example.org"},
        {"email": "reader@example.org\r\nBcc: you@example.org"},
        {"email": "reader@mailinator.com"},
        {"email": "reader@eu.mailinator.com"},
        {"email": "reader@example.org", "leave_empty": "http://spam.example"},
        {"email": "reader@example.org", "categories": "unheard-of"},
        {"email": "reader@example.org", "opened": "edited"},
    ],
)
def test_what_cannot_be_accepted_is_said_and_kept(client, fields):
    answer = client.post("/newsletter/", fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    typed = fields.get("email", "")
    if typed.isalnum() or "mailinator" in typed or "opened" in fields:
        assert f'value="{typed}"' in answer.text
    assert not SignUp.objects.exists()


def test_a_form_filled_in_no_time_is_shown_again(client):
    answer = client.post(
        "/newsletter/", {"email": "reader@example.org", "opened": opened(timezone.now())}
    )
    assert answer.status_code == 422
    assert 'value="reader@example.org"' in answer.text
    assert "Please press again" in answer.text


def test_a_form_that_took_its_time_is_accepted(client):
    page_made = timezone.now() - dt.timedelta(seconds=3)
    answer = client.post(
        "/newsletter/", {"email": "reader@example.org", "opened": opened(page_made)}
    )
    assert answer.status_code == 303


def test_the_sign_up_page_is_stored_nowhere_and_sets_no_cookie(client):
    answer = client.get("/newsletter/")
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


@pytest.mark.parametrize("address", ["/newsletter/", "/newsletter/data/"])
def test_other_sites_cannot_sign_anybody_up(client, address):
    answer = client.post(
        address, {"email": "reader@example.org"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert not SignUp.objects.exists()


def test_who_is_subscribed_hears_so_by_mail_once_a_day():
    now = timezone.now()
    make_subscriber("reader@example.org")
    for hours in (0, 1, 25):
        make_sign_up("reader@example.org", at=now + dt.timedelta(hours=hours), topics=[7])
        answer_all(now=now + dt.timedelta(hours=hours))
    assert ["already" in message.subject for message in mail.outbox] == [True, True]
    assert Subscriber.objects.get().topics == []


def test_who_complained_is_never_mailed_again():
    now = timezone.now()
    make_subscriber("reader@example.org").complain(proof=PROOF, now=now)
    make_sign_up("READER@example.org", at=now)
    make_sign_up("reader@example.org", at=now, wish=SignUp.Wish.OWN_DATA)
    answer_all()
    assert not mail.outbox
    assert not SignUp.objects.exists()


@pytest.mark.parametrize("ended", ["unsubscribe", "erase", "stop_as_undeliverable"])
def test_who_left_comes_back_by_confirming(client, ended):
    getattr(make_subscriber("reader@example.org"), ended)(proof=PROOF, now=timezone.now())
    make_sign_up("reader@example.org", at=timezone.now())
    answer_all()
    assert not Subscriber.objects.confirmed().exists()
    client.post(path_in(mail.outbox[0], "confirm"))
    assert Subscriber.objects.confirmed().get().email == "reader@example.org"


def test_dns_is_asked_by_the_worker_when_told_to(settings, monkeypatch):
    settings.EMAIL_CHECK_DNS = True
    monkeypatch.setattr(outbox, "is_known_undeliverable", lambda address: "gone" in address)
    make_sign_up("reader@gone.example", at=timezone.now())
    make_sign_up("reader@example.org", at=timezone.now())
    answer_all()
    assert [message.to for message in mail.outbox] == [["reader@example.org"]]


@pytest.mark.parametrize("failure", [LifetimeTimeout, NoNameservers])
def test_a_dns_that_does_not_answer_refuses_nobody(settings, monkeypatch, failure):
    settings.EMAIL_CHECK_DNS = True

    def fail(*_, **__):
        raise failure

    monkeypatch.setattr(Resolver, "resolve", fail)
    make_sign_up("reader@verdicts.dev", at=timezone.now())
    answer_all()
    assert len(mail.outbox) == 1


def test_a_refused_mail_is_tried_again_and_given_up_after_five_times(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    now = timezone.now()
    make_sign_up("reader@example.org", at=now)
    answer_all(now=now)
    for minutes in range(1, 60):
        outbox.pick_up(now=now + dt.timedelta(minutes=minutes))
    post = OutgoingMail.objects.get()
    assert (post.attempts, post.sent_at) == (5, None)


def test_a_lost_wake_up_is_picked_up():
    now = timezone.now()
    make_sign_up("reader@example.org", at=now)
    outbox.pick_up(now=now + dt.timedelta(seconds=30))
    assert not mail.outbox
    outbox.pick_up(now=now + dt.timedelta(seconds=61))
    outbox.pick_up(now=now + dt.timedelta(seconds=120))
    assert len(mail.outbox) == 1


def test_who_asks_again_has_two_weeks_from_the_last_mail(client):
    now = timezone.now()
    for days in (0, 13):
        make_sign_up("late@example.org", at=now + dt.timedelta(days=days))
        answer_all(now=now + dt.timedelta(days=days))
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=20))
    assert Subscriber.objects.exists()
    for days in range(14, 60):
        make_sign_up("late@example.org", at=now + dt.timedelta(days=days))
        answer_all(now=now + dt.timedelta(days=days))
        outbox.forget_unconfirmed(now=now + dt.timedelta(days=days))
        if not Subscriber.objects.exists():
            break
    assert days == 28  # two weeks after the third mail, which was the last
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("ended", ["complain", "stop_as_undeliverable"])
def test_who_never_agreed_is_forgotten_whatever_came_back(ended):
    now = timezone.now()
    make_sign_up("stranger@example.org", at=now)
    answer_all(now=now)
    getattr(Subscriber.objects.get(), ended)(proof=PROOF, now=now)
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=15))
    assert not Subscriber.objects.exists()
    assert Suppression.objects.count() == 1


def test_what_nobody_confirms_is_forgotten_after_two_weeks():
    now = timezone.now()
    make_sign_up("late@example.org", at=now)
    answer_all(now=now)
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=13, hours=23))
    assert Subscriber.objects.exists()
    outbox.forget_unconfirmed(now=now + dt.timedelta(days=14, hours=1))
    assert not Subscriber.objects.exists()
    assert not ConsentEvent.objects.exists()
    assert not OutgoingMail.objects.exists()
