"""What an attacker gets, and what a crowd of honest readers loses: the first wall at full size.

A thousand is a thousand here, through the whole stack. Presses at once are in `test_races.py`;
forged, foreign, prefetched and cross-site ones in `test_views.py`; the staff in `test_admin.py`.
"""

import datetime as dt
import random
from http.cookies import SimpleCookie

import pytest
from django.conf import settings as site

from tests.factories import NOW, make_tool, make_votes
from tests.votes.casting import cast, counts
from tests.votes.readers import READING, Reader, clock, looks, strangers, vote_path
from votes import holds
from votes.boards import readers_board
from votes.models import AuditEntry, Tally, Vote
from votes.queue import held_groups
from votes.voters import form_token

pytestmark = pytest.mark.django_db

MORNING = NOW.replace(hour=8)
NEXT_NIGHT = NOW.replace(hour=0, minute=20) + dt.timedelta(days=1)
HOUR, WORKDAY = dt.timedelta(hours=1), dt.timedelta(hours=8)


def spread(count, *, over, since=MORNING):
    """So many moments, evenly over that time."""
    return [since + over * number / count for number in range(count)]


# --- One attacker --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookies_age", "share"), [(None, 0.01), (dt.timedelta(hours=25), 0.025)], ids=["fresh", "aged"]
)
def test_a_thousand_cookies_behind_one_address_count_next_to_nothing_and_all_read_alike(
    cookies_age, share
):
    tool = make_tool()
    for number in range(40):
        cast(tool, "skip", network=bytes([number]), now=MORNING)
    moments = spread(1000, over=HOUR)
    answers = {repr(looks(answer)) for answer in strangers(tool, moments, cookies_age=cookies_age)}
    assert len(answers) == 1
    assert "Your vote: ship" in answers.pop()
    holds.release_by_rule(now=NEXT_NIGHT)
    kept = counts(tool)
    assert kept["ship"] <= 1000 * share
    assert kept["ship"] + kept["held"] == 1000
    assert kept["skip"] == 40


def test_a_thousand_replays_are_one_vote():
    """Of the same form, by a browser that keeps its cookie, and by one that throws it away."""
    tool, keeping, forgetful = make_tool(), Reader(), Reader()
    token = form_token(f"tool {tool.slug}", now=NOW - READING)
    for number, moment in enumerate(spread(1000, over=dt.timedelta(minutes=4), since=NOW)):
        browser = keeping if number % 2 else forgetful
        forgetful.cookies.clear()
        answer = browser.send(vote_path(tool), {"choice": "ship", "token": token}, now=moment)
        assert answer.status_code == 200
    assert Vote.objects.count() == 1
    assert counts(tool) == {"ship": 1, "skip": 0, "held": 0}


@pytest.mark.parametrize(("proxies", "rest"), [(0, ""), (1, ", 203.0.113.7")])
def test_two_hundred_spoofed_forwarding_headers_are_one_address(settings, proxies, rest):
    settings.TRUSTED_PROXIES = proxies
    tool, browser = make_tool(), Reader("203.0.113.7")
    for number, moment in enumerate(spread(200, over=HOUR)):
        browser.cookies.clear()
        token = form_token(f"tool {tool.slug}", now=moment - READING)
        browser.send(
            vote_path(tool),
            {"choice": "ship", "token": token},
            now=moment,
            headers={"X-Forwarded-For": f"198.51.{number}.1{rest}"},
        )
    assert counts(tool) == {"ship": site.VOTES_TOOL_FRESH, "skip": 0, "held": 195}


def test_a_flood_of_skips_takes_nothing_of_what_a_tool_has():
    tool = make_tool()
    make_votes(tool, ships=30)
    for _ in strangers(tool, spread(200, over=HOUR), choice="skip"):
        pass
    assert counts(tool) == {"ship": 30, "skip": site.VOTES_TOOL_FRESH, "held": 195}


def test_twenty_clean_networks_get_a_quiet_tool_a_score_and_no_place_on_the_board():
    tool = make_tool()
    for number in range(20):
        day = NOW - dt.timedelta(days=number % 7)
        cast(tool, network=bytes([number]), now=day)
    assert Tally.objects.get(tool=tool).share.is_scored
    assert readers_board() == []


# --- Honest crowds behind one address ------------------------------------------------------


def crowd(people, tools, *, votes_each, over):
    """Each person's own browser votes on some of the tools; the statuses of all answers."""
    dice = random.Random(3)
    jars = [SimpleCookie() for _ in range(people)]
    wishes = [(person, tool) for person in range(people) for tool in dice.sample(tools, votes_each)]
    dice.shuffle(wishes)
    office, statuses = Reader(), set()
    for (person, tool), moment in zip(wishes, spread(len(wishes), over=over), strict=True):
        office.cookies = jars[person]
        fields = {"choice": dice.choice(["ship", "skip"])}
        if not office.cookies:
            fields["token"] = form_token(f"tool {tool.slug}", now=moment - READING)
        statuses.add(office.send(vote_path(tool), fields, now=moment).status_code)
    return statuses


def test_an_office_of_three_hundred_meets_no_refusal_and_all_of_it_counts_the_next_day():
    tools = [make_tool() for _ in range(200)]
    assert crowd(300, tools, votes_each=3, over=WORKDAY) == {200}
    assert Vote.objects.count() == 900
    holds.release_by_rule(now=NEXT_NIGHT)
    assert Vote.objects.counted().count() == 900


def test_an_all_hands_of_three_hundred_waits_for_the_night_and_then_counts():
    tools = [make_tool() for _ in range(40)]
    assert crowd(300, tools, votes_each=1, over=dt.timedelta(minutes=15)) == {200}
    at_once = Vote.objects.counted().count()
    assert at_once == pytest.approx(90, abs=2)
    holds.release_by_rule(now=NEXT_NIGHT)
    assert Vote.objects.counted().count() == 300


def test_an_office_on_one_tool_is_one_row_for_staff_and_one_press_releases_it():
    tool = make_tool()
    assert crowd(300, [tool], votes_each=1, over=WORKDAY) == {200}
    holds.release_by_rule(now=NEXT_NIGHT)
    [group] = held_groups()
    holds.decide(
        group.key,
        action=AuditEntry.Action.RELEASED,
        actor="ann",
        note="A school.",
        now=NEXT_NIGHT,
    )
    assert Vote.objects.counted().count() == 300


def test_no_get_counts_against_a_network():
    """Whoever only reads ballots, a crawler or a preview of links, uses up nobody's quota."""
    tool = make_tool()
    with clock(NOW):
        statuses = {
            Reader().get(vote_path(tool)).status_code for _ in range(site.VOTES_PRESS_BURST + 1)
        }
    assert statuses == {200}
    assert not Vote.objects.exists()
