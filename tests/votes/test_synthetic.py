"""Synthetic votes: every state of the demo's pages, and growth that is real to the recount."""

import pytest
from django.conf import settings

from tests.factories import NOW, make_tool
from tools.models import Tool
from votes import demo, recount
from votes.boards import readers_board
from votes.growth import grow_votes
from votes.models import PickTally, Tally, Vote
from votes.queue import held_groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def invented():
    slugs = {*demo.VOTES, *(slug for pair in demo.PICKS for slug in pair)}
    for slug in sorted(slugs):
        make_tool(slug)
    make_tool("a-real-one")
    demo.cast_demo_votes(now=NOW)


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("curlew-desk", "1 vote, too few to score"),
        ("loupe-nano", "9 votes, too few to score"),
        ("minnow-3", "25 votes, too new to score"),
        ("anselm-2", "60% ship · 95% range 38–79% · 20 reader votes"),
        ("sanderling", "70% ship · 95% range 52–84% · 30 reader votes"),
    ],
)
def test_the_demo_has_every_state_of_a_share(invented, slug, words):
    assert Tally.objects.get(tool__slug=slug).share.words == words


def test_the_demo_has_leans_picks_ranks_and_held_votes(invented):
    assert Tally.objects.get(tool__slug="tin-whistle").lean == "ship"
    shares = {tally.share_from(tally.lower_id).words for tally in PickTally.objects.all()}
    assert shares == {"146 picks", "22 picks", "7 picks, too few to score"}
    assert len(readers_board()) > 5
    assert {group.votes for group in held_groups()} == {31, 12}


def test_no_real_tool_gets_a_synthetic_vote(invented):
    assert not Vote.objects.filter(tool__slug="a-real-one").exists()
    text = (settings.BASE_DIR / "verdicts" / "demo" / "catalog.yaml").read_text()
    assert not [slug for slug in demo.VOTES if f"slug: {slug}\n" in text]


def test_the_demos_votes_are_cast_once(invented):
    count = Vote.objects.count()
    assert demo.cast_demo_votes(now=NOW) == 0
    assert Vote.objects.count() == count
    assert recount.differences() == []


def test_grown_votes_are_counted_in_tallies_that_stand_the_recount():
    ids = [make_tool().pk for _ in range(5)]
    heard = []
    grow_votes(3_000, tool_ids=ids, now=NOW, progress=lambda *said: heard.append(said))
    assert Vote.objects.count() == 3_000
    assert sum(tally.share.votes for tally in Tally.objects.all()) == 3_000
    assert recount.differences() == []
    assert heard[0] == ("votes", 3_000, 3_000)
    # The trigger keeps watch again.
    Vote.objects.filter(tool=ids[0]).delete()
    assert Tally.objects.get(tool=ids[0]).share.votes == 0
    assert Tool.objects.count() == 5
