"""Reports of a mail provider: who is stopped, who is counted, what is settled."""

import datetime as dt
import hmac
import json
from base64 import b64encode
from decimal import Decimal

import pytest
from django.utils import timezone

from newsletter.message_keys import mail_domain, message_key
from newsletter.models import ConsentEvent, Delivery, MailEvent, Subscriber, Suppression
from tests.factories import make_sending_issue, make_subscriber

pytestmark = pytest.mark.django_db
SECRET = "postmark:a long secret of theirs"
State = Subscriber.State


@pytest.fixture(autouse=True)
def secret(settings):
    settings.MAIL_WEBHOOK_SECRET = SECRET


@pytest.fixture
def report(client):
    """Posts what Postmark would, about a reader's address."""

    def post(reader, record="Bounce", *, number=1, secret=SECRET, at="2026-11-20", **fields):
        body = {
            "RecordType": record,
            "ID": number,
            "Email": reader.email,
            "Recipient": reader.email,
            "MessageID": "0a1b",
            "BouncedAt": f"{at}T09:00:00Z",
            "DeliveredAt": f"{at}T09:00:00Z",
        } | fields
        return client.post(
            "/webhooks/mail/postmark/",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Basic {b64encode(secret.encode()).decode()}"},
        )

    return post


def test_a_bounce_counts_once_however_often_it_is_repeated(report):
    reader = make_subscriber()
    for _ in range(3):
        answer = report(reader, Type="HardBounce", Description="mailbox full")
        assert answer.status_code == 200
    reader.refresh_from_db()
    assert reader.bounce_score == 1
    assert MailEvent.objects.count() == 1


def test_a_mailbox_that_does_not_exist_is_stopped_at_once(report):
    reader = make_subscriber()
    report(reader, Type="HardBounce", Details="smtp;550 5.1.1 no such user")
    reader.refresh_from_db()
    assert reader.state == State.UNDELIVERABLE
    assert Suppression.objects.get().reason == "undeliverable"


def test_what_a_receiver_refuses_for_its_words_never_counts(report):
    reader = make_subscriber()
    report(reader, Type="HardBounce", Details="smtp;550 5.7.1 looks like spam to us")
    report(reader, Type="Blocked", number=2)
    reader.refresh_from_db()
    assert reader.is_confirmed
    assert reader.bounce_score == 0


def test_a_soft_bounce_is_a_half(report):
    reader = make_subscriber()
    report(reader, Type="Transient")
    reader.refresh_from_db()
    assert reader.bounce_score == Decimal("0.5")


def test_five_days_of_bounces_stop_a_reader_and_one_day_of_five_does_not(report, monkeypatch):
    one_day, five_days = make_subscriber(), make_subscriber()
    for number in range(5):
        report(one_day, Type="HardBounce", number=number)
    start = timezone.now()
    for number in range(5):
        monkeypatch.setattr(
            "django.utils.timezone.now", lambda days=number: start + dt.timedelta(days=days)
        )
        report(five_days, Type="HardBounce", number=10 + number)
    one_day.refresh_from_db()
    five_days.refresh_from_db()
    assert one_day.is_confirmed
    assert one_day.bounce_score == 1
    assert five_days.state == State.UNDELIVERABLE
    event = ConsentEvent.objects.get(subscriber=five_days)
    assert (event.kind, event.channel) == ("bounce-stop", "webhook")


def test_a_week_without_bounces_forgets_them(report):
    reader = make_subscriber(
        bounce_score=4, last_bounce_on=timezone.now().date() - dt.timedelta(days=8)
    )
    report(reader, Type="HardBounce")
    reader.refresh_from_db()
    assert reader.is_confirmed
    assert reader.bounce_score == 1


def test_a_complaint_ends_all_mail_at_once(report):
    reader = make_subscriber()
    report(reader, "SpamComplaint", Type="SpamComplaint")
    reader.refresh_from_db()
    assert reader.state == State.COMPLAINED
    assert Suppression.objects.get().reason == "complained"


def test_a_delivered_mail_is_ambiguous_no_more(report):
    reader = make_subscriber()
    issue = make_sending_issue(reader)
    issue.deliveries.update(state=Delivery.State.AMBIGUOUS)
    key = message_key(issue_id=issue.pk, subscriber_id=reader.pk)
    nobody = make_subscriber()
    nobody.email = "nobody@example.org"
    report(nobody, "Delivery", MessageID=f"<{key}@{mail_domain()}>")
    assert issue.deliveries.get().state == Delivery.State.SENT
    assert MailEvent.objects.get().issue == issue


def test_a_report_without_our_message_id_is_matched_by_the_address(report):
    reader = make_subscriber()
    issue = make_sending_issue(reader)
    report(reader, "SpamComplaint", Type="SpamComplaint")
    assert MailEvent.objects.get().issue == issue


def test_a_report_about_nobody_is_kept_and_does_no_harm(report):
    nobody = Subscriber(email="nobody@example.org")
    assert report(nobody, Type="HardBounce").status_code == 200
    assert MailEvent.objects.get().issue is None


def test_a_mail_opened_is_not_our_business(report):
    report(make_subscriber(), "Open")
    assert not MailEvent.objects.exists()


@pytest.mark.parametrize("wrong", ["", "postmark:wrong", "a long secret of others", ":"])
def test_without_the_secret_nothing_is_believed(report, wrong):
    reader = make_subscriber()
    assert report(reader, "SpamComplaint", secret=wrong).status_code == 403
    reader.refresh_from_db()
    assert reader.state == State.CONFIRMED


def test_the_secret_may_be_the_password_alone(report, settings):
    settings.MAIL_WEBHOOK_SECRET = "a secret without a user"
    answer = report(make_subscriber(), secret="anybody:a secret without a user")
    assert answer.status_code == 200


def test_without_a_secret_in_the_settings_there_is_no_such_page(report, settings):
    settings.MAIL_WEBHOOK_SECRET = ""
    assert report(make_subscriber(), secret=":").status_code == 404


def test_an_unknown_provider_is_not_found(client):
    assert client.post("/webhooks/mail/pigeon/").status_code == 404


@pytest.mark.parametrize("body", ["", "{}", "[]", "not json", '{"RecordType": 1}', "[" * 100_000])
def test_a_body_that_is_no_report_is_refused_or_ignored(client, body):
    answer = client.post(
        "/webhooks/mail/postmark/",
        body,
        content_type="application/json",
        headers={"Authorization": f"Basic {b64encode(SECRET.encode()).decode()}"},
    )
    assert answer.status_code in {200, 400}
    assert not MailEvent.objects.exists()


def signed(event, *, key):
    """As Mailgun signs: HMAC-SHA256 of the hour and a token."""
    stamp, token = "1763629200", "f" * 50
    mac = hmac.new(key.encode(), f"{stamp}{token}".encode(), "sha256").hexdigest()
    proof = {"timestamp": stamp, "token": token, "signature": mac}
    return json.dumps({"signature": proof, "event-data": event})


def test_a_provider_that_signs_is_believed_for_its_signature_alone(client):
    reader = make_subscriber()
    event = {
        "event": "complained",
        "id": "one",
        "timestamp": 1763629200.5,
        "recipient": reader.email,
        "message": {"headers": {"message-id": "x@elsewhere"}},
    }

    def post(body, **headers):
        kind = "application/json"
        return client.post("/webhooks/mail/mailgun/", body, content_type=kind, headers=headers)

    basic = f"Basic {b64encode(SECRET.encode()).decode()}"
    forged = [
        *(json.dumps({"event-data": event}), signed(event, key="guessed"), "[" * 100_000, "[]"),
        json.dumps({"signature": {"token": 1}, "event-data": event}),
    ]
    for body in forged:
        assert post(body).status_code == 403
        assert post(body, Authorization=basic).status_code == 403
    reader.refresh_from_db()
    assert reader.is_confirmed

    assert [post(signed(event, key=SECRET)).status_code for _ in range(3)] == [200] * 3
    reader.refresh_from_db()
    assert reader.state == "complained"
    assert MailEvent.objects.count() == 1


def test_only_posts_report(client):
    assert client.get("/webhooks/mail/postmark/").status_code == 405
    assert client.head("/webhooks/mail/postmark/").status_code == 200
