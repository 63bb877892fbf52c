"""The leaderboard: who is ranked, in which order, and what a rank may claim."""

import datetime as dt
import re

import pytest

from tests.factories import NOW, make_category, make_panel, make_review, make_tool, make_votes
from votes.boards import refresh_trends
from votes.models import Tally

pytestmark = pytest.mark.django_db


def names(client, query=""):
    """The tools of the table, in order."""
    page = client.get(f"/leaderboard/{query}").content.decode()
    return re.findall(r'class="ranks__tool"><a [^>]+><bdi>([^<]+)', page)


def waiting(client, query=""):
    page = client.get(f"/leaderboard/{query}").content.decode()
    return re.findall(r"<span><bdi>([^<]+)</bdi></span><b>([^<]+)</b>", page)


def ranks(client, query=""):
    page = client.get(f"/leaderboard/{query}").content.decode()
    found = re.findall(r'class="ranks__n">(.*?)</td>', page)
    return [re.sub(r"<[^>]+>", "", cell) for cell in found]


@pytest.fixture
def board():
    make_votes(make_tool("quill", launched_on=dt.date(2025, 1, 1)), ships=180, skips=20)
    make_votes(make_tool("tern", launched_on=dt.date(2026, 1, 1)), ships=90, skips=10)
    make_votes(make_tool("avocet"), ships=40, skips=160)
    make_votes(make_tool("loupe"), ships=30, skips=19)
    make_votes(make_tool("mistle"), ships=1)
    make_votes(make_tool("fresh"), ships=50, skips=5, is_settled=False)
    make_tool("ostler")


def test_tools_are_ranked_by_the_lower_end_of_their_range(client, board):
    assert names(client) == ["Quill", "Tern", "Avocet"]
    assert ranks(client) == ["1–2", "1–2", "3"]


def test_tools_below_fifty_counted_votes_or_without_a_score_are_listed_below(client, board):
    assert waiting(client) == [
        ("Fresh", "55 votes"),
        ("Loupe", "49 votes"),
        ("Mistle", "1 vote"),
        ("Ostler", "none"),
    ]


def test_a_rank_comes_with_share_range_and_count(client, board):
    page = client.get("/leaderboard/").content.decode()
    assert "<b>90%</b>" in page
    assert "85–94%, 200 votes" in re.sub(r"<[^>]+>", "", page)


def test_drafts_are_nowhere(client):
    make_votes(make_tool("draft", is_published=False), ships=100)
    make_tool("other-draft", is_published=False)
    for sort in ("readers", "panel", "new", "trending"):
        assert "raft" not in client.get(f"/leaderboard/?sort={sort}").content.decode()


def test_the_panels_order_is_by_its_share_of_current_verdicts(client):
    make_panel(make_tool("three"), ships=3)
    make_panel(make_tool("all"), ships=4)
    make_panel(make_tool("one-of-one"), ships=1, of=1)
    turned = make_tool("turned")
    make_panel(turned, ships=4, written_on=NOW.date() - dt.timedelta(days=9))
    make_review(turned, "builder", "skip")
    make_review(turned, "skeptic", "skip")
    make_tool("unjudged")
    assert names(client, "?sort=panel") == ["All", "One Of One", "Three", "Turned", "Unjudged"]


def test_the_newest_come_first_and_the_undated_last(client, board):
    assert names(client, "?sort=new")[:3] == ["Tern", "Quill", "Avocet"]


def test_a_category_has_ranks_of_its_own(client, board):
    vision = make_category("vision")
    make_votes(make_tool("minnow", category=vision), ships=40, skips=60)
    assert names(client, "?category=vision") == ["Minnow"]
    assert ranks(client, "?category=vision") == ["1"]
    assert waiting(client, "?category=vision") == []
    assert names(client, "?category=vision&sort=new") == ["Minnow"]


@pytest.mark.parametrize(
    "query", ["?sort=best", "?category=nothing", "?page=2", "?page=0", "?page=x", "?sort=READERS"]
)
def test_unknown_orders_categories_and_pages_are_404(client, board, query):
    assert client.get(f"/leaderboard/{query}").status_code == 404


def test_the_board_goes_on_over_pages(client):
    for number in range(30):
        make_tool(f"tool-{number:02}")
    assert len(waiting(client)) == 24
    assert len(waiting(client, "?page=2")) == 6
    assert client.get("/leaderboard/?page=1")["Location"] == "/leaderboard/"


def test_the_ranked_and_those_that_wait_share_pages(client, board):
    for number in range(30):
        make_votes(make_tool(f"ranked-{number:02}"), ships=100)

    assert len(names(client)) == 24
    assert (len(names(client, "?page=2")), len(waiting(client, "?page=2"))) == (9, 4)
    assert names(client, "?page=2")[-1] == "Avocet"
    assert client.get("/leaderboard/?page=3").status_code == 404


def test_a_board_takes_a_fixed_number_of_queries(client, board, django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        client.get("/leaderboard/")


# --- Trending ------------------------------------------------------------------------------


def days_ago(number):
    moment = NOW - dt.timedelta(days=number)
    return {"created_at": moment, "changed_at": moment}


def test_the_trend_halves_in_a_week_and_weighs_skips_against_ships():
    tool = make_tool()
    make_votes(tool, ships=3, **days_ago(0))
    make_votes(tool, ships=4, skips=2, **days_ago(7))
    make_votes(tool, skips=8, **days_ago(14))
    make_votes(tool, ships=6, skips=6, **days_ago(1))
    refresh_trends(now=NOW)
    # Without the balanced day, which only makes the voters enough: 3 + 1 - 2.
    assert tool.trend.score == pytest.approx(2.0)


def test_a_trend_takes_ten_voters_on_two_days_of_the_last_week(client):
    on_one_day = make_tool("one-day")
    make_votes(on_one_day, ships=12, **days_ago(0))
    too_few = make_tool("too-few")
    make_votes(too_few, ships=5, **days_ago(0))
    make_votes(too_few, ships=4, **days_ago(1))
    falling = make_tool("falling")
    make_votes(falling, skips=6, **days_ago(0))
    make_votes(falling, skips=6, **days_ago(1))
    for name, ships in (("weak", 5), ("strong", 9)):
        tool = make_tool(name)
        make_votes(tool, ships=ships, **days_ago(0))
        make_votes(tool, ships=5, **days_ago(1))
    refresh_trends(now=NOW)
    refresh_trends(now=NOW)
    assert names(client, "?sort=trending") == ["Strong", "Weak"]


def test_with_nothing_trending_the_board_says_so(client, board):
    assert "Nothing trends just now" in client.get("/leaderboard/?sort=trending").content.decode()


def test_a_tool_may_lose_its_rank(client, board):
    Tally.objects.filter(tool__slug="quill").update(ships=20)
    assert names(client) == ["Tern", "Avocet"]
