"""The staff's queue: seen by those who may, decided with a note, and no choice is ever edited."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection

from tests.factories import NOW, make_tool, make_votes
from tests.votes.casting import cast
from votes.models import AuditEntry, Reason, Tally, Vote
from votes.queue import held_groups

pytestmark = pytest.mark.django_db

QUEUE = "/admin/votes/heldvote/"


def hold(tool, count=3, reason=Reason.NETWORK_RATE):
    for _ in range(count):
        cast(tool, reason=reason, network=b"net-hash-123")


@pytest.fixture
def staff(client):
    """Logged in, with the named permissions of the box."""

    def log_in(*codenames):
        user = User.objects.create_user("ann", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def editor(staff):
    return staff("view_heldvote", "view_auditentry", "decide_held_votes")


def test_the_queue_shows_each_group_and_no_network(editor):
    tool = make_tool("loupe")
    make_votes(tool, ships=2)
    hold(tool)
    page = editor.get(QUEUE).content.decode()
    for words in ("Held votes", "Loupe", "3 ship, 0 skip", "2 ship, 0 skip", "5 ship, 0 skip"):
        assert words in page
    assert 'aria-label="12 h: 3"' in page
    assert '<rect x="12" y="0.00" width="0.8" height="10.00"/>' in page
    assert "2 votes, too few to score" in page
    assert b"net-hash-123".hex() not in page
    assert "net-hash" not in page


def test_a_decision_is_made_on_several_groups_with_one_note(editor):
    tools = [make_tool("loupe"), make_tool("mistle")]
    for tool in tools:
        hold(tool)
    keys = [group.key for group in held_groups()]
    sent = {"group": keys, "note": "One office.", "action": "release"}
    asked = editor.post(QUEUE, sent).content.decode()
    assert "6 votes in 2 groups" in asked
    assert "Release 6 votes" in asked
    assert not AuditEntry.objects.exists(), "asked, and not yet done"
    assert editor.post(QUEUE, sent | {"confirmed": "yes"}).status_code == 302
    assert "6 votes released" in editor.get(QUEUE).content.decode()
    assert [tally.ships for tally in Tally.objects.all()] == [3, 3]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {"ann"}


@pytest.mark.parametrize(
    "missing", [{"note": ""}, {"note": "  "}, {"group": []}, {"action": "count"}, {"action": ""}]
)
def test_a_decision_without_group_note_or_action_is_none(editor, missing):
    hold(make_tool())
    [group] = held_groups()
    sent = {"group": [group.key], "note": "Kept words.", "action": "reject"} | missing
    page = editor.post(QUEUE, sent).content.decode()
    assert "Choose at least one group" in page
    assert not AuditEntry.objects.exists()
    if missing == {"action": ""}:
        assert "Kept words." in page


@pytest.mark.parametrize("key", ["x", "1.2.3", "1.5.2026-11-22", "1.99.2026-11-22", "1-2-3.1.x"])
def test_a_senseless_group_decides_nothing(editor, key):
    hold(make_tool())
    sent = {"group": [key], "note": "Why.", "action": "reject"}
    assert "0 votes in 0 groups" in editor.post(QUEUE, sent).content.decode()
    editor.post(QUEUE, sent | {"confirmed": "yes"})
    assert not AuditEntry.objects.exists()
    assert Vote.objects.held().count() == 3


def test_who_may_only_look_decides_nothing(staff):
    client = staff("view_heldvote")
    hold(make_tool())
    [group] = held_groups()
    assert 'value="release"' not in client.get(QUEUE).content.decode()
    sent = {"group": [group.key], "note": "Why.", "action": "release", "confirmed": "yes"}
    assert client.post(QUEUE, sent).status_code == 403
    assert Vote.objects.held().count() == 3


def test_who_may_not_look_sees_nothing(staff):
    assert staff().get(QUEUE).status_code == 403


def test_no_screen_adds_edits_or_deletes_a_vote(staff):
    """Not even with every permission there is."""
    client = staff(*Permission.objects.values_list("codename", flat=True))
    [vote] = make_votes(make_tool(), ships=1)
    entry = AuditEntry.objects.create(at=NOW, actor="job", action="nightly", votes=1)
    for path in (
        f"{QUEUE}add/",
        f"{QUEUE}{vote.pk}/delete/",
        "/admin/votes/auditentry/add/",
        f"/admin/votes/auditentry/{entry.pk}/delete/",
    ):
        assert client.post(path, {"choice": -1, "post": "yes"}).status_code == 403
    for path in (f"{QUEUE}{vote.pk}/change/", f"/admin/votes/auditentry/{entry.pk}/change/"):
        assert client.post(path, {"choice": -1, "votes": 9}).status_code == 403
    assert client.get("/admin/votes/vote/").status_code == 404
    assert client.get("/admin/votes/tally/").status_code == 404
    vote.refresh_from_db()
    entry.refresh_from_db()
    assert (vote.choice, entry.votes) == (1, 1)


def test_the_audit_shows_who_decided_what_and_why(editor):
    AuditEntry.objects.create(at=NOW, actor="bea", action="kept", note="To be seen.", votes=4)
    page = editor.get("/admin/votes/auditentry/").content.decode()
    assert "bea" in page
    assert "To be seen." in page


def test_a_choice_that_is_edited_past_the_site_moves_the_tally_along():
    """The trigger sees every hand; the audit has no entry of it, which is the trace it leaves."""
    tool = make_tool()
    make_votes(tool, ships=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE votes_vote SET choice = -1")
    assert Tally.objects.get().counts == {"ship": 0, "skip": 2, "held": 0}
