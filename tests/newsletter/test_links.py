"""The pages behind mailed links: looking changes nothing, acting twice is acting once."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from newsletter import outbox
from newsletter.addresses import email_key
from newsletter.models import Channel, ConsentEvent, OutgoingMail, Proof, Subscriber, Suppression
from newsletter.tokens import (
    BadTokenError,
    ExpiredTokenError,
    Purpose,
    confirm_token,
    data_token,
    preferences_token,
    read_token,
    unsubscribe_token,
)
from tests.factories import NOW, make_category, make_subscriber

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
PROOF = Proof(Channel.LINK)
pytestmark = pytest.mark.django_db


def whole_database():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'select t::text from "{table}" t order by 1')
            rows[table] = [row for (row,) in cursor.fetchall()]
    return rows


def tables_that_hold(text):
    return [table for table, rows in whole_database().items() if text in "\n".join(rows)]


def confirm_url(reader, *, now=None):
    token = confirm_token(reader.pk, reader.token_version, now=now or timezone.now())
    return f"/newsletter/confirm/{token}/"


def unsubscribe_url(reader):
    return f"/newsletter/unsubscribe/{unsubscribe_token(reader.pk, reader.token_version)}/"


def preferences_url(reader):
    return f"/newsletter/preferences/{preferences_token(reader.pk, reader.token_version)}/"


def data_url(reader):
    token = data_token(reader.pk, reader.token_version, now=timezone.now())
    return f"/newsletter/data/{token}/"


def make_pending(email="pending@example.org", **fields):
    return make_subscriber(email, state="pending", confirmed_at=None, **fields)


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(client, method):
    confirmed, pending = make_subscriber(), make_pending()
    urls = [
        *(confirm_url(pending), unsubscribe_url(pending), data_url(pending)),
        *(unsubscribe_url(confirmed), preferences_url(confirmed), data_url(confirmed)),
        *("/newsletter/", "/newsletter/data/"),
    ]
    before = whole_database()
    for url in urls:
        for _ in range(10):
            answer = getattr(client, method)(url)
            assert answer.status_code == (405 if method == "options" else 200), url
            assert not answer.cookies
            assert "<script" not in answer.text
            assert "no-store" in answer["Cache-Control"] or method == "options"
    assert whole_database() == before


@pytest.mark.parametrize("body", [ONE_CLICK, {}, {"unknown": "field"}])
def test_a_mail_program_unsubscribes_with_one_bare_request(body):
    reader = make_subscriber()
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(
        unsubscribe_url(reader),
        body,
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    assert not answer.cookies
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"
    event = reader.events.get()
    assert event.kind == "unsubscribed"
    assert event.channel == ("one-click" if body == ONE_CLICK else "link")


def test_a_one_click_request_may_be_a_multipart_form():
    reader = make_subscriber()
    raw = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
    answer = Client().generic(
        "POST", unsubscribe_url(reader), raw, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 200
    assert reader.events.get().channel == "one-click"


def test_acting_twice_is_acting_once(client):
    reader, newcomer = make_subscriber(), make_pending()
    for url, kind, words in (
        (confirm_url(newcomer), "confirmed", "You’re in"),
        (unsubscribe_url(reader), "unsubscribed", "You get no more mail"),
    ):
        answers = [client.post(url) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        assert all(words in answer.text for answer in answers)
        assert ConsentEvent.objects.filter(kind=kind).count() == 1


def test_confirming_shows_the_way_out(client):
    newcomer = make_pending()
    assert unsubscribe_url(newcomer) in client.post(confirm_url(newcomer)).text
    assert unsubscribe_url(newcomer) in client.get(confirm_url(newcomer)).text


def test_a_confirmation_is_good_for_two_weeks(client):
    newcomer, now = make_pending(), timezone.now()
    old = confirm_url(newcomer, now=now - dt.timedelta(days=14, minutes=1))
    assert client.post(old).status_code == 410
    assert client.post(confirm_url(newcomer, now=now - dt.timedelta(days=13))).status_code == 200


def test_an_old_confirmation_does_not_bring_back_who_left(client):
    newcomer, now = make_pending(), timezone.now()
    link = confirm_url(newcomer, now=now - dt.timedelta(hours=1))
    client.post(link)
    newcomer.refresh_from_db()
    client.post(unsubscribe_url(newcomer))
    assert client.post(link).status_code == 410
    assert not Subscriber.objects.confirmed().exists()


def test_who_leaves_before_confirming_is_erased_at_once(client):
    newcomer = make_pending()
    answer = client.post(unsubscribe_url(newcomer), ONE_CLICK)
    assert "is erased here" in answer.text
    assert not tables_that_hold("pending@example.org")
    assert not Suppression.objects.exists()


def test_leaving_can_be_taken_back_for_ten_minutes(client):
    reader = make_subscriber()
    assert "Undo" in client.post(unsubscribe_url(reader)).text
    assert "You’re in" in client.post(unsubscribe_url(reader), {"undo": "1"}).text
    assert not Suppression.objects.exists()

    reader.refresh_from_db()
    reader.unsubscribe(proof=PROOF, now=timezone.now() - dt.timedelta(minutes=10))
    answer = client.post(unsubscribe_url(reader), {"undo": "1"})
    assert "You get no more mail" in answer.text
    assert "Undo" not in answer.text
    assert not Subscriber.objects.confirmed().exists()


@pytest.mark.parametrize("way", ["page", "link"])
def test_an_erased_address_is_nowhere_in_the_database(client, way):
    address = "Someone.Special@example.org"
    reader = make_subscriber(address)
    client.post("/newsletter/", {"email": address}, headers={"Referer": "http://testserver/x"})
    OutgoingMail.post(reader, OutgoingMail.Kind.DATA_LINK, now=timezone.now())
    reader.choose_topics(
        [1], proof=Proof(Channel.LINK, page="/x", network="203.0.113.0/24"), now=timezone.now()
    )
    assert "newsletter_subscriber" in tables_that_hold(address)
    links = unsubscribe_url(reader), confirm_url(reader), data_url(reader), preferences_url(reader)

    if way == "page":
        client.post(links[0])
        client.post(links[0], {"erase": "1"})
    else:
        client.post(links[2], {"wish": "erase"})

    for text in (address, address.lower(), "Someone", "203.0.113"):
        assert not tables_that_hold(text), text
    assert tables_that_hold(email_key(address).hex()) == ["newsletter_suppression"]
    assert [client.get(link).status_code for link in links] == [200, 410, 410, 410]
    assert "You get no more mail" in client.post(links[0], ONE_CLICK).text
    kept = Subscriber.objects.get()
    assert (kept.state, kept.email, kept.email_key) == ("erased", "", None)
    assert [event.kind for event in kept.events.all()][-1] == "erased"


def test_topics_are_chosen_and_taken_back(client):
    reader = make_subscriber()
    coding, video = make_category("coding"), make_category("video")
    answer = client.post(preferences_url(reader), {"categories": ["coding", "video"]})
    assert "Saved" in answer.text
    assert answer.text.count(" checked>") == 2
    reader.refresh_from_db()
    assert reader.topics == sorted([coding.pk, video.pk])
    client.post(preferences_url(reader), {"categories": ["coding", "video"]})
    client.post(preferences_url(reader), {})
    reader.refresh_from_db()
    assert reader.topics == []
    assert [event.kind for event in reader.events.all()] == ["preferences"] * 2


def test_an_unknown_topic_is_refused_and_the_others_stay_ticked(client):
    reader = make_subscriber()
    make_category("coding")
    answer = client.post(preferences_url(reader), {"categories": ["coding", "no-such"]})
    assert answer.status_code == 422
    assert "There is no category no-such." in answer.text
    assert 'value="coding" checked' in answer.text
    assert not reader.events.exists()


def test_a_reader_takes_a_copy_of_everything(client):
    reader = make_subscriber("reader@example.org")
    reader.unsubscribe(proof=Proof(Channel.LINK, network="203.0.113.0/24"), now=timezone.now())
    answer = client.post(data_url(reader), {"wish": "export"})
    assert "attachment" in answer["Content-Disposition"]
    copy = json.loads(answer.content)
    assert copy["address"] == "reader@example.org"
    assert copy["state"] == "unsubscribed"
    assert [event["network"] for event in copy["consent"]] == ["203.0.113.0/24"]
    assert copy["consent"][0]["wording"]


def test_a_wish_that_is_none_is_refused(client):
    assert client.post(data_url(make_subscriber()), {"wish": "nothing"}).status_code == 422


def test_a_typed_address_alone_opens_nothing(client):
    make_subscriber("reader@example.org")
    for email in ("reader@example.org", "stranger@example.org"):
        answer = client.post("/newsletter/data/", {"email": email})
        assert answer["Location"] == "/newsletter/check-your-inbox/"
        assert "reader" not in answer.text
    outbox.pick_up(now=timezone.now() + dt.timedelta(minutes=2))
    assert OutgoingMail.objects.get().kind == "data-link"


@pytest.mark.parametrize("page", ["confirm", "unsubscribe", "preferences", "data"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_that_we_did_not_make_opens_nothing(client, page, method):
    reader = make_subscriber()
    good = unsubscribe_token(reader.pk, 1)
    forged = [
        *(good[:-1] + ("A" if good[-1] != "A" else "B"), good[:20], good + "AAAA", "%00", "é", "x"),
        "A" * 500,
    ]
    if page != "unsubscribe":
        forged.append(good)
    for token in forged:
        answer = getattr(client, method)(f"/newsletter/{page}/{token}/")
        assert answer.status_code == 404, token
        assert "sign up again" in answer.text
    assert not reader.events.exists()


def test_a_new_version_makes_older_links_worthless_but_the_way_out(client):
    reader = make_subscriber()
    way_out = unsubscribe_url(reader)
    others = confirm_url(reader), preferences_url(reader), data_url(reader)
    reader.token_version += 1
    reader.save()
    assert [client.post(link).status_code for link in others] == [410] * 3
    assert "You get no more mail" in client.post(way_out, ONE_CLICK).text
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


def test_tokens_say_whom_and_since_when():
    token = confirm_token(2**40, 65_535, now=NOW)
    claim = read_token(token, Purpose.CONFIRM, now=NOW + dt.timedelta(days=13))
    assert (claim.subject_id, claim.version, claim.made_at) == (2**40, 65_535, NOW)
    with pytest.raises(ExpiredTokenError):
        read_token(token, Purpose.CONFIRM, now=NOW + dt.timedelta(days=15))
    with pytest.raises(BadTokenError):
        read_token(token, Purpose.OWN_DATA, now=NOW)
    for_ever = unsubscribe_token(7, 1)
    assert read_token(for_ever, Purpose.UNSUBSCRIBE, now=NOW + dt.timedelta(days=9999))
