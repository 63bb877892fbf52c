"""What is erased of a voter, and that neither address nor agent was ever stored."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse
from redis import Redis

from tests.factories import NOW, make_tool
from tests.votes.readers import Reader, pick_path, vote_path
from votes import holds
from votes.erasure import erase_expired
from votes.models import AuditEntry, Pick, Reason, Salt, Status, Tally, Vote
from votes.queue import held_groups
from votes.voters import voter_of

pytestmark = pytest.mark.django_db

ADDRESS = "198.51.100.77"
AGENT = "Curious-Reader/3.14159 (a string nobody else sends)"


def after(**time):
    return NOW + dt.timedelta(**time)


def everything():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 20
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            yield from (row for (row,) in cursor.fetchall())


@pytest.fixture
def reader():
    """Has voted, changed, picked, been refused, and left things held."""
    tools = [make_tool(slug) for slug in ("alpha", "beta")]
    reader = Reader(ADDRESS, AGENT)
    for choice in ("ship", "skip", "love"):
        reader.press(vote_path(tools[0]), choice)
    reader.press(pick_path(*tools), "first")
    for _ in range(8):
        Reader(ADDRESS, AGENT).press(vote_path(tools[1]), "ship")
    assert Vote.objects.held().exists()
    return reader


def test_no_table_holds_a_voters_address_or_agent(reader):
    rows = list(everything())
    for secret in (
        ADDRESS,
        ADDRESS.rpartition(".")[0],
        AGENT,
        AGENT[:20],
        ADDRESS.encode().hex(),
        AGENT.encode().hex(),
    ):
        assert not [row for row in rows if secret in row]


def test_no_table_holds_what_the_cookie_holds(reader):
    value = reader.cookies["voter"].value
    rows = list(everything())
    assert not [row for row in rows if value in row or value.split(":")[0] in row]
    voter = voter_of(reader.get("/privacy/").wsgi_request)
    assert voter
    seed = voter.seed
    assert not [row for row in rows if seed.hex in row or str(seed) in row]


def test_no_counter_names_a_voter_and_none_outlives_a_day(reader, settings):
    valkey = Redis.from_url(settings.REDIS_URL, decode_responses=True)
    read = {"hash": valkey.hgetall, "set": valkey.smembers, "string": valkey.get}
    keys = list(valkey.scan_iter("votes:*"))
    assert len(keys) > 3
    voters = {str(vote.voter) for vote in Vote.objects.all()}
    for key in keys:
        counter = f"{key} {read[str(valkey.type(key))](key)!r}"
        for secret in (ADDRESS.rpartition(".")[0], AGENT[:20], *voters):
            assert secret not in counter
        assert 0 < valkey.ttl(key) <= 86_400


def test_salts_go_after_two_days_and_hashes_after_a_week(reader):
    erase_expired(now=after(days=1))
    assert Salt.objects.count() == 1
    erase_expired(now=after(days=2))
    assert not Salt.objects.exists()
    assert Vote.objects.filter(net_hash__isnull=False).exists()
    erase_expired(now=after(days=7, hours=1))
    counted = Vote.objects.filter(status=Status.COUNTED)
    assert counted.exists()
    assert not counted.exclude(net_hash=None, agent_hash=None).exists()
    assert not Pick.objects.exclude(net_hash=None, agent_hash=None).exists()


def test_a_held_vote_keeps_its_hashes_until_it_is_decided_on_or_a_month_is_over(reader):
    erase_expired(now=after(days=8))
    held = Vote.objects.filter(status=Status.HELD)
    assert held.filter(net_hash__isnull=False).exists()
    erase_expired(now=after(days=31))
    assert held.exists()
    assert not held.exclude(net_hash=None, agent_hash=None).exists()


def test_a_vote_that_staff_keep_held_is_decided_on_and_keeps_no_hash(reader):
    for group in held_groups():
        holds.decide(group.key, action=AuditEntry.Action.KEPT, actor="ann", note="Odd.", now=NOW)
    erase_expired(now=after(days=8))
    held = Vote.objects.filter(status=Status.HELD)
    assert held.exists()
    assert not held.exclude(net_hash=None, agent_hash=None).exists()


def test_after_thirteen_months_a_vote_is_nobodys_and_still_counts(reader):
    mine = Vote.objects.get(choice=Vote.Choice.SKIP).voter
    tallies = [tally.counts for tally in Tally.objects.order_by("tool")]
    erase_expired(now=after(days=390))
    assert Vote.objects.filter(voter=mine).exists()
    erase_expired(now=after(days=397))
    assert not Vote.objects.filter(voter=mine).exists()
    assert not Pick.objects.filter(voter=mine).exists()
    strangers = set(Vote.objects.values_list("voter", flat=True))
    erase_expired(now=after(days=420))
    assert set(Vote.objects.values_list("voter", flat=True)) == strangers
    assert [tally.counts for tally in Tally.objects.order_by("tool")] == tallies


def test_forgetting_leaves_a_number_and_nothing_else(reader):
    reader.send(reverse("forget"), {}, htmx=False)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.votes, entry.vote_ids) == ("the reader", 2, [])
    assert not Pick.objects.exists()


def test_the_privacy_page_says_the_very_times_of_the_erasure(client):
    page = client.get(reverse("privacy")).content.decode()
    for words in ("After 2 days", "After 7 days", "after 30 days", "13 months", "no cookie"):
        assert words in page
    assert "max-age=0" in client.get(reverse("privacy"))["Cache-Control"]


def test_a_withdrawn_vote_is_erased_like_any_other():
    tool = make_tool()
    reader = Reader(ADDRESS, AGENT)
    reader.press(vote_path(tool), "ship")
    reader.press(vote_path(tool), "withdraw")
    erase_expired(now=after(days=8))
    vote = Vote.objects.get()
    assert (vote.net_hash, vote.agent_hash, vote.reason) == (None, None, Reason.NONE)
