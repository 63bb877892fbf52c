"""The first wall over the wire: floods are held and answered alike, honest crowds are counted."""

import datetime as dt

import pytest
from django.conf import settings as site
from django.test import Client

from tests.factories import NOW, make_tool
from tests.votes.casting import counts
from tests.votes.readers import READING, Reader, clock, vote_path
from votes import limits
from votes.holds import release_by_rule
from votes.models import Reason, Salt, Status, Vote
from votes.voters import form_token

pytestmark = pytest.mark.django_db


def stranger(tool, *, address="203.0.113.7", now=NOW, choice="ship", headers=None):
    """One press of a browser that nobody has seen before, with a form of its own."""
    token = form_token(f"tool {tool.slug}", now=now - READING)
    with clock(now):
        return Client(REMOTE_ADDR=address).post(
            vote_path(tool),
            {"choice": choice, "token": token},
            headers={"HX-Request": "true"} | (headers or {}),
        )


def minutes(number):
    return NOW + dt.timedelta(minutes=number)


def test_the_addresses_of_one_network_are_one():
    tool = make_tool()
    for number in range(10):
        stranger(tool, address=f"203.0.113.{number}")
        stranger(tool, address=f"2001:db8:7:{number:x}::1")
        stranger(tool, address=f"::ffff:203.0.113.{number}")
    assert counts(tool)["ship"] == 2 * site.VOTES_TOOL_FRESH


def test_held_and_counted_are_answered_byte_for_byte_alike():
    tool = make_tool()
    answers = [stranger(tool) for _ in range(6)]
    assert counts(tool) == {"ship": 5, "skip": 0, "held": 1}
    assert len({answer.content for answer in answers}) == 1
    unlike = ("Set-Cookie",)
    heads = [
        {name: value for name, value in answer.items() if name not in unlike} for answer in answers
    ]
    assert all(head == heads[0] for head in heads)


def test_older_cookies_have_a_wider_quota():
    tool, elsewhere = make_tool(), make_tool()
    readers = [Reader(f"198.51.{number}.1") for number in range(22)]
    for reader in readers:
        reader.press(vote_path(elsewhere), "ship")
    later = NOW + dt.timedelta(hours=25)
    for reader in readers:
        reader.defaults["REMOTE_ADDR"] = "203.0.113.7"
        reader.press(vote_path(tool), "ship", now=later)
    assert counts(tool) == {"ship": site.VOTES_TOOL_OLDER, "skip": 0, "held": 2}


def test_a_network_over_its_rate_waits_and_the_rate_refills():
    tools = [make_tool() for _ in range(65)]
    for tool in tools:
        stranger(tool)
    assert Vote.objects.counted().count() == site.VOTES_NETWORK_BURST
    assert set(Vote.objects.held().values_list("reason", flat=True)) == {Reason.NETWORK_RATE}
    for tool in [make_tool(), make_tool(), make_tool()]:
        stranger(tool, now=minutes(1))
    assert Vote.objects.counted().count() == 60 + site.VOTES_NETWORK_PER_MINUTE


def test_a_reader_who_changes_a_counted_vote_uses_up_nobodys_quota():
    tool, reader = make_tool(), Reader()
    for choice in ("ship", "skip", "ship"):
        reader.press(vote_path(tool), choice)
    for _ in range(4):
        stranger(tool)
    assert counts(tool)["held"] == 0


def test_a_form_sent_faster_than_it_is_read_is_held():
    tool, reader = make_tool(), Reader()
    with clock(NOW):
        token = reader.fresh_token(vote_path(tool))
    fields = {"choice": "ship", "token": token}
    reader.send(vote_path(tool), fields, now=NOW + dt.timedelta(seconds=1))
    assert Vote.objects.get().reason == Reason.FAST
    assert release_by_rule(now=NOW + dt.timedelta(days=1)) == 1


def test_a_cookie_that_is_not_ours_is_noted_and_the_form_decides():
    tool, reader = make_tool(), Reader()
    reader.cookies["voter"] = "forged"
    with clock(NOW - READING):
        token = reader.fresh_token(vote_path(tool))
    response = reader.send(vote_path(tool), {"choice": "ship", "token": token})
    assert response.status_code == 200
    assert Vote.objects.get().reason == Reason.COOKIE


def test_a_voter_counts_sixty_times_an_hour(settings):
    settings.VOTES_VOTER_PER_HOUR = 3
    reader = Reader()
    for _ in range(5):
        reader.press(vote_path(make_tool()), "ship")
    assert Vote.objects.counted().count() == 3
    assert set(Vote.objects.held().values_list("reason", flat=True)) == {Reason.VOTER_RATE}


def test_presses_beyond_what_people_do_are_refused_with_a_time_to_come_back(settings):
    settings.VOTES_PRESS_BURST = 10
    tool = make_tool()
    answers = [stranger(tool) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert int(answers[-1]["Retry-After"]) >= 1
    assert "Please wait a minute" in answers[-1].content.decode()
    assert Vote.objects.count() == 10
    assert stranger(tool, now=minutes(1)).status_code == 200
    with clock(NOW):
        assert Client(REMOTE_ADDR="203.0.113.7").get(vote_path(tool)).status_code == 200


def test_presses_without_a_form_use_the_same_bucket(settings):
    settings.VOTES_PRESS_BURST = 3
    tool = make_tool()
    answers = [Reader().send(vote_path(tool), {"choice": "ship"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]


def test_with_the_counters_away_a_vote_is_held_and_not_lost(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits._counters.cache_clear()
    try:
        tool = make_tool()
        assert stranger(tool).status_code == 200
    finally:
        limits._counters.cache_clear()
    assert Vote.objects.get().reason == Reason.UNCHECKED
    assert Vote.objects.get().status == Status.HELD
    assert release_by_rule(now=NOW + dt.timedelta(days=1)) == 1


def test_established_readers_are_counted_where_their_network_is_over_its_rate(settings):
    settings.VOTES_NETWORK_BURST = 1
    regular = Reader("198.51.100.1")
    for day in (10, 9, 8):
        regular.press(vote_path(make_tool()), "ship", now=NOW - dt.timedelta(days=day))
    stranger(make_tool())
    tool = make_tool()
    regular.defaults["REMOTE_ADDR"] = "203.0.113.7"
    stranger(tool)
    regular.press(vote_path(tool), "ship")
    assert counts(tool) == {"ship": 1, "skip": 0, "held": 1}


def test_a_salt_is_of_one_day_and_hashes_of_two_days_differ():
    tool = make_tool()
    stranger(tool)
    stranger(tool, now=NOW + dt.timedelta(days=1))
    hashes = {bytes(vote.net_hash or b"") for vote in Vote.objects.all()}
    assert len(hashes) == 2
    assert Salt.objects.count() == 2
    assert all(len(value) == limits.HASH_BYTES for value in hashes)
