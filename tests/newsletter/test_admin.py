"""The newsletter desk: the next issue, its steps, who gets it."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail as sent_mail
from django.utils import timezone

from newsletter import weekly
from newsletter.models import Channel, Delivery, Issue, Proof, Subscriber, Switch
from tests.factories import make_comparison, make_sending_issue, make_subscriber, make_tool

pytestmark = pytest.mark.django_db
ISSUES = "/admin/newsletter/issue/"
READERS = "/admin/newsletter/subscriber/"


@pytest.fixture
def staff(client):
    """Signs in a member of staff with these permissions of the newsletter."""

    def sign_in(*names):
        user = User.objects.create_user("ann", "ann@verdicts.example", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="newsletter")
        user.user_permissions.set(permissions.filter(codename__in=names))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def publisher(admin_client):
    return admin_client


def make_draft():
    """A draft that has something to say, an hour before its slot."""
    now = timezone.now()
    make_comparison(
        make_tool("avocet", name="Avocet"),
        make_tool("loupe", name="Loupe"),
        publish_at=now - dt.timedelta(hours=1),
    )
    issue = weekly.draft_of(now.date() - dt.timedelta(days=now.weekday()))
    Issue.objects.filter(pk=issue.pk).update(
        send_at=now + dt.timedelta(hours=1), send_by=now + dt.timedelta(days=1)
    )
    issue.refresh_from_db()
    return issue


def step(client, issue, name, **fields):
    client.post(f"{ISSUES}{issue.pk}/step/", {"step": name, **fields}, follow=True)
    issue.refresh_from_db()
    return issue.state


def test_the_next_issue_is_opened_edited_and_seen_as_a_reader_would(publisher):
    issue = make_draft()
    page = publisher.get(f"{ISSUES}{issue.pk}/change/").text
    assert "Schedule: fix its words" in page
    answer = publisher.post(
        f"{ISSUES}{issue.pk}/change/",
        {
            "intro": "Hello, readers.",
            "item_order": "new:/compare/avocet-vs-loupe/\n\n",
            "send_at_0": "2099-01-01",
            "send_at_1": "09:00:00",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    page = publisher.get(f"{ISSUES}{issue.pk}/preview/").text
    for words in (
        "Avocet vs Loupe: no verdict yet",
        "Hello, readers.",
        "new:/compare/avocet-vs-loupe/",
    ):
        assert words in page
    assert "AVOCET VS LOUPE" in page


def test_the_mail_stands_in_a_frame_that_can_do_nothing(publisher):
    issue = make_draft()
    assert "<iframe" in publisher.get(f"{ISSUES}{issue.pk}/preview/").text
    answer = publisher.get(f"{ISSUES}{issue.pk}/mail/")
    assert "Avocet" in answer.text
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_an_issue_is_scheduled_paused_resumed_and_cancelled(publisher):
    issue = make_draft()
    steps = ["schedule", "pause", "resume", "cancel"]
    states = [step(publisher, issue, name) for name in steps]
    assert states == ["ready", "paused", "ready", "ready"], "cancelling asks first"
    assert step(publisher, issue, "cancel", confirmed="yes") == "cancelled"
    assert step(publisher, issue, "resume") == "cancelled"
    assert step(publisher, issue, "explode") == "cancelled"


def test_its_words_are_fixed_once_it_is_scheduled(publisher):
    issue = make_draft()
    step(publisher, issue, "schedule")
    page = publisher.get(f"{ISSUES}{issue.pk}/change/").text
    assert 'name="intro"' not in page
    publisher.post(f"{ISSUES}{issue.pk}/change/", {"intro": "Too late."})
    issue.refresh_from_db()
    assert issue.intro == ""


def test_a_test_goes_to_one_address_and_names_no_reader(publisher):
    issue = make_draft()
    make_subscriber("reader@example.org")
    step(publisher, issue, "test", address="ann@verdicts.example")
    [message] = sent_mail.outbox
    assert message.to == ["ann@verdicts.example"]
    assert message.subject.startswith("Test: Avocet vs Loupe")
    assert "TOKEN" not in message.body
    assert issue.state == "draft"
    step(publisher, issue, "test", address="no address")
    assert len(sent_mail.outbox) == 1


def test_an_empty_week_says_so(publisher):
    issue = weekly.draft_of(dt.date(2026, 11, 16))
    assert "nothing to say yet" in publisher.get(f"{ISSUES}{issue.pk}/preview/").text
    assert step(publisher, issue, "schedule") == "draft"


def test_the_next_issue_is_made_at_a_press_and_once(publisher):
    for _ in range(2):
        publisher.post(f"{ISSUES}next/")
    issue = Issue.objects.get()
    assert issue.state == "draft"
    assert issue.send_at > timezone.now()


def test_progress_and_what_may_have_been_sent(publisher):
    one, other = make_subscriber("one@example.org"), make_subscriber("two@example.org")
    issue = make_sending_issue(one, other)
    issue.deliveries.update(state=Delivery.State.AMBIGUOUS, reply="no answer")
    assert "0 of 2" in publisher.get(ISSUES).text
    assert f"{ISSUES}{issue.pk}/ambiguous/" in publisher.get(f"{ISSUES}{issue.pk}/change/").text
    assert "one@example.org" in publisher.get(f"{ISSUES}{issue.pk}/ambiguous/").text
    publisher.post(f"{ISSUES}{issue.pk}/ambiguous/", {"reader": [one.pk]})
    states = dict(issue.deliveries.values_list("subscriber", "state"))
    assert states == {one.pk: Delivery.State.PENDING, other.pk: Delivery.State.AMBIGUOUS}
    publisher.post(f"{ISSUES}{issue.pk}/ambiguous/", {"all": "1"})
    assert not issue.deliveries.ambiguous().exists()


@pytest.mark.parametrize("address", ["next/", "{pk}/step/", "{pk}/ambiguous/"])
def test_who_may_only_look_cannot_act(staff, address):
    issue = make_sending_issue(make_subscriber())
    client = staff("view_issue")
    assert client.get(ISSUES).status_code == 200
    fields = {"step": "pause", "all": "1"}
    assert client.post(ISSUES + address.format(pk=issue.pk), fields).status_code == 403
    issue.refresh_from_db()
    assert issue.state == "sending"


@pytest.mark.parametrize("page", ["preview", "mail", "ambiguous"])
def test_who_may_not_look_sees_nothing(staff, page):
    issue = make_sending_issue(make_subscriber())
    assert staff("view_mailevent").get(f"{ISSUES}{issue.pk}/{page}/").status_code == 403


def test_addresses_are_for_those_who_may_see_them(staff):
    reader = make_subscriber("reader@example.org")
    reader.choose_topics([1], proof=Proof(Channel.LINK), now=timezone.now())
    client = staff("view_subscriber")
    for url in (READERS, f"{READERS}?q=READER@example.org", f"{READERS}{reader.pk}/change/"):
        page = client.get(url).text
        assert "r…@example.org" in page
        assert "reader@example.org" not in page.replace('value="READER@example.org"', "").replace(
            "?q=reader@example.org", ""
        )
    assert "r…@" not in client.get(f"{READERS}?q=other@example.org").text
    User.objects.get().user_permissions.add(Permission.objects.get(codename="see_addresses"))
    assert "reader@example.org" in client.get(READERS).text


def test_staff_erase_on_request(publisher):
    reader = make_subscriber("reader@example.org")
    chosen = {"action": "erase", "_selected_action": [reader.pk]}
    assert "All that is kept of 1 reader is erased" in publisher.post(READERS, chosen).text
    assert Subscriber.objects.get().state == "confirmed", "asked, and not yet done"
    publisher.post(READERS, chosen | {"confirmed": "yes"})
    assert Subscriber.objects.get().state == "erased"
    assert reader.events.get().channel == "admin"


def test_the_switch_stops_everything(publisher):
    switch = Switch.load(now=timezone.now())
    publisher.post(f"/admin/newsletter/switch/{switch.pk}/change/", {"stop": "on"})
    switch.refresh_from_db()
    assert switch.stop


def test_preflight_lists_what_is_wrong(publisher):
    page = publisher.get(f"{ISSUES}preflight/").text
    assert "is not https" in page
    assert "DKIM" in page
