"""The newsletter's commands, as a person or a cron runs them."""

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from newsletter.models import Delivery, Issue, QuietWeek, Switch
from newsletter.slots import monday_of, slot_of
from newsletter.weekly import draft_of, tick
from tests.factories import (
    make_comparison,
    make_panel,
    make_sending_issue,
    make_subscriber,
    make_tool,
)

TODAY = timezone.localdate
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def db(committed_db):
    """Commits are real here; the name tells pytest-django that a database is needed."""


@pytest.fixture(autouse=True)
def in_time(settings):
    """This week's slot is today, whatever today is."""
    today = timezone.localtime()
    settings.NEWSLETTER_WEEKDAY = today.strftime("%A").lower()
    settings.NEWSLETTER_HOUR = 0


@pytest.fixture
def published():
    first, second = make_tool(name="Alder"), make_tool(name="Birch")
    make_panel(first, ships=4, written_on=TODAY() - DAY)
    make_panel(second, ships=1, written_on=TODAY() - DAY)
    yield make_comparison(first, second, publish_at=timezone.now() - DAY)
    from tools.models import Tool

    Tool.objects.all().delete()


def run(capsys, *words):
    call_command(*words)
    return capsys.readouterr().out


def test_by_hand_the_weeks_issue_goes_out_at_once_and_once(relay, published, capsys):
    sink = relay()
    make_subscriber("ann@example.org")
    make_subscriber("bob@example.org")
    said = run(capsys, "send_weekly_issue")
    assert "2 of 2 sent." in said
    again = run(capsys, "send_weekly_issue")
    assert "2 of 2 sent." in again
    assert sink.recipients == {"ann@example.org": 1, "bob@example.org": 1}
    assert Issue.objects.get().state == Issue.State.DONE


def test_what_went_out_by_hand_is_the_weeks_issue_and_its_slot_does_nothing(
    relay, settings, published, capsys
):
    sink = relay()
    make_subscriber("ann@example.org")
    settings.NEWSLETTER_HOUR = 23
    run(capsys, "send_weekly_issue")
    make_subscriber("bob@example.org")
    assert tick(now=slot_of(monday_of(TODAY())) + dt.timedelta(minutes=1)) == []
    assert Issue.objects.get().state == Issue.State.DONE
    assert sink.recipients == {"ann@example.org": 1}


def test_a_dry_run_shows_the_issue_and_keeps_nothing(published, capsys):
    make_subscriber()
    said = run(capsys, "send_weekly_issue", "--dry-run")
    assert "Alder vs Birch" in said
    assert "Readers: 1. Nothing was sent." in said
    assert not Issue.objects.exists()


def test_an_empty_week_says_so_and_leaves_the_week_to_its_slot(capsys):
    said = run(capsys, "send_weekly_issue")
    assert "Nothing to say" in said
    assert not Issue.objects.exists()
    assert not QuietWeek.objects.exists()


def test_a_week_whose_slot_found_nothing_waits_for_the_next(published, capsys):
    QuietWeek.objects.create(pk=monday_of(TODAY()), at=timezone.now())
    assert "waits for the next issue" in run(capsys, "send_weekly_issue")
    assert not Issue.objects.exists()


def test_a_week_that_is_over_is_refused_unless_late(relay, published, capsys):
    sink = relay()
    make_subscriber()
    last_week = TODAY() - 7 * DAY
    with pytest.raises(CommandError, match="--late"):
        run(capsys, "send_weekly_issue", "--week", str(last_week))
    assert not Issue.objects.exists()
    dry = run(capsys, "send_weekly_issue", "--week", str(last_week), "--dry-run")
    assert "takes --late" in dry
    run(capsys, "send_weekly_issue", "--week", str(last_week), "--late")
    assert sink.accepted.total() == 1
    assert Issue.objects.get().week_of == monday_of(last_week)


def test_a_day_that_is_none_is_said(capsys):
    with pytest.raises(CommandError, match="'tuesday' is no day; write it as 2026-11-20"):
        run(capsys, "send_weekly_issue", "--week", "tuesday")


def test_a_week_to_come_is_refused(capsys):
    with pytest.raises(CommandError, match="has not begun"):
        run(capsys, "send_weekly_issue", "--week", str(TODAY() + 7 * DAY))


@pytest.mark.parametrize("words", [[], ["--late"]])
def test_a_paused_issue_is_not_sent_by_hand(published, capsys, words):
    issue = make_sending_issue(make_subscriber(), week_of=monday_of(TODAY()), slot_on=TODAY())
    issue.pause(reason="A typo.")
    with pytest.raises(CommandError, match="A typo"):
        run(capsys, "send_weekly_issue", *words)


def test_what_was_cut_off_goes_on_by_hand(relay, capsys):
    sink = relay()
    make_sending_issue(make_subscriber(), week_of=monday_of(TODAY()), slot_on=TODAY())
    run(capsys, "send_weekly_issue")
    assert sink.accepted.total() == 1


def test_the_kill_switch_stops_the_command_too(published, capsys):
    Switch.objects.update(stop=True)
    with pytest.raises(CommandError, match="switch"):
        run(capsys, "send_weekly_issue")


def test_the_mails_date_is_never_in_the_future(relay, settings, published, capsys):
    relay()
    make_subscriber()
    settings.NEWSLETTER_HOUR = 23
    run(capsys, "send_weekly_issue")
    issue = Issue.objects.get()
    assert issue.send_at <= timezone.now()
    assert issue.slot_on == TODAY()
    assert issue.send_by == slot_of(monday_of(TODAY())) + DAY


def test_the_status_shows_the_books_and_the_ambiguous(capsys):
    one, two = make_subscriber(), make_subscriber()
    issue = make_sending_issue(one, two)
    issue.deliveries.filter(subscriber=one).update(state=Delivery.State.AMBIGUOUS, reply="Silence.")
    Delivery.objects.filter(subscriber=two).update(
        state=Delivery.State.SENT, sent_at=timezone.now()
    )
    said = run(capsys, "newsletter_status")
    assert "sent               1" in said
    assert f"ambiguous: reader {one.pk}, <i{issue.pk}." in said
    assert "@example.org" not in said
    told = json.loads(run(capsys, "newsletter_status", "--json"))
    assert told["books"] == {
        "audience": 2,
        "pending": 0,
        "claimed": 0,
        "deferred": 0,
        "sent": 1,
        "failed": 0,
        "suppressed": 0,
        "ambiguous": 1,
    }
    assert [doubt["reply"] for doubt in told["ambiguous"]] == ["Silence."]
    Delivery.objects.all().delete()
    Issue.objects.all().delete()


def test_the_status_asks_for_a_person_where_an_issue_is_paused(capsys):
    make_sending_issue(make_subscriber()).pause(reason="A typo.")
    with pytest.raises(CommandError, match="A typo"):
        run(capsys, "newsletter_status")


def test_the_status_of_a_new_site_is_well(capsys):
    assert "no issue yet" in run(capsys, "newsletter_status")


def test_a_moved_database_is_refused_until_it_is_adopted(relay, published, capsys):
    sink = relay()
    make_subscriber()
    Switch.load(now=timezone.now())
    Switch.objects.update(database_identity="7000000000000000000/1")
    with pytest.raises(CommandError, match="--adopt-database"):
        run(capsys, "send_weekly_issue")
    draft_of(monday_of(TODAY()))
    assert "adopted" in run(capsys, "newsletter_status", "--adopt-database")
    run(capsys, "send_weekly_issue")
    assert sink.accepted.total() == 1


def test_the_preflight_finds_what_is_wrong(settings, published, capsys):
    settings.SITE_URL = "http://verdicts.example"
    with pytest.raises(CommandError, match="problems"):
        run(capsys, "newsletter_preflight", "--offline")
    said = capsys.readouterr().out
    assert "problem: SITE_URL=http://verdicts.example is not https" in said
    assert "reminder: DNS of verdicts.example: SPF" in said
    assert "one-click" in said
    assert "checked: 'Alder vs Birch" in said


def test_the_preflight_of_a_good_set_up_passes(relay, settings, published, capsys):
    relay()
    settings.SITE_URL = "https://verdicts.dev"
    settings.DEFAULT_FROM_EMAIL = "Verdicts <letter@verdicts.dev>"
    settings.PUBLISHER_NAME, settings.PUBLISHER_ADDRESS = "Verdicts", "1 Main Street"
    assert "No problem." in run(capsys, "newsletter_preflight")


def test_the_preflight_finds_a_relay_that_is_gone(settings, capsys):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(CommandError):
        run(capsys, "newsletter_preflight")
    assert "does not answer" in capsys.readouterr().out
