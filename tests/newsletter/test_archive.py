"""The archive: issues that went out, as pages with public links and no address."""

import datetime as dt
import xml.etree.ElementTree as ElementTree

import pytest

from newsletter.models import Issue
from tests.factories import NOW, make_issue
from tests.newsletter.test_messages import full_digest

pytestmark = pytest.mark.django_db


def make_sent_issue(**fields):
    made = {"state": "done", "audience": 3, "frozen_at": NOW, "contents": full_digest().as_json()}
    return make_issue(**made | fields)


def test_an_issue_is_a_page_of_the_site(client):
    issue = make_sent_issue()
    answer = client.get(issue.get_absolute_url())
    assert answer.status_code == 200
    for words in ("Avocet Lite", "A long week.", "Also this week", "Changed since we wrote"):
        assert words in answer.text
    assert 'href="/compare/avocet-lite-vs-loupe-nano/"' in answer.text
    assert "@" not in answer.text.replace("@context", "")
    assert "xUNSUBSCRIBE" not in answer.text
    assert answer["Cache-Control"] == "max-age=0, public, must-revalidate"
    assert not answer.cookies


@pytest.mark.parametrize(
    "state", [s for s in Issue.State if s not in {"sending", "paused", "done"}]
)
def test_what_has_not_gone_out_is_not_shown(client, state):
    issue = make_sent_issue(state=state)
    assert client.get(issue.get_absolute_url()).status_code == 404
    assert issue.get_absolute_url() not in client.get("/newsletter/issues/").text


@pytest.mark.parametrize(
    "day", ["2026-11-21", "20261120", "2026-W47-5", "nonsense", "2026-11-31", "0000-00-00"]
)
def test_no_issue_of_that_day(client, day):
    make_sent_issue()
    assert client.get(f"/newsletter/issues/{day}/").status_code == 404


def test_all_issues_are_listed(client):
    assert "The first one is still to come" in client.get("/newsletter/issues/").text
    issue = make_sent_issue()
    page = client.get("/newsletter/issues/").text
    assert issue.get_absolute_url() in page
    assert "Avocet Lite vs Loupe Nano: ship Avocet Lite" in page


def test_the_feed_holds_what_went_out(client):
    make_sent_issue()
    answer = client.get("/feeds/issues.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    [entry] = feed.findall("a:entry", atom)
    assert entry.findtext("a:title", namespaces=atom) == (
        "Avocet Lite vs Loupe Nano: ship Avocet Lite"
    )
    link = entry.find("a:link", atom)
    assert link is not None
    assert link.get("href") == "http://127.0.0.1:8000/newsletter/issues/2026-11-20/"
    assert [each.get("href") for each in feed.findall("a:link", atom)] == [
        "http://127.0.0.1:8000/newsletter/issues/",
        "http://127.0.0.1:8000/feeds/issues.atom",
    ]
    updated = entry.findtext("a:updated", namespaces=atom)
    assert updated
    assert dt.datetime.fromisoformat(updated) == Issue.objects.get().send_at


def test_an_empty_feed_is_a_feed(client):
    assert ElementTree.fromstring(client.get("/feeds/issues.atom").content).tag.endswith("feed")
