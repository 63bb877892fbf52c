"""Ballots over the wire: what a press must carry, what it gets, and what is stored of it."""

import datetime as dt

import pytest
from django.urls import reverse

from tests.factories import NOW, make_tool
from tests.votes.readers import READING, Reader, clock, pick_path, token_in, vote_path
from votes.models import Pick, PickTally, Status, Tally, Vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool():
    return make_tool("loupe-nano", name="Loupe Nano")


@pytest.fixture
def pair():
    return make_tool("avocet"), make_tool("loupe")


def kept(tool):
    tally = Tally.objects.filter(tool=tool).first()
    return (tally.ships, tally.skips) if tally else (0, 0)


# --- The ballot, and the reader's own vote -------------------------------------------------


def test_a_press_says_what_was_stored_and_no_count(tool):
    response = Reader().press(vote_path(tool), "ship")
    assert response.status_code == 200
    page = response.content.decode()
    assert "Your vote: ship (new votes can take a day to count)" in page
    assert page.count('aria-pressed="true"') == 1
    assert "<html" not in page
    assert kept(tool) == (1, 0)


def test_the_first_vote_sets_the_cookie_and_later_ones_need_no_token(tool):
    reader = Reader()
    response = reader.press(vote_path(tool), "ship")
    cookie = response.cookies["voter"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert int(cookie["max-age"]) == 365 * 86_400
    changed = reader.send(vote_path(tool), {"choice": "skip"})
    assert changed.status_code == 200
    assert "voter" not in changed.cookies
    assert kept(tool) == (0, 1)


def test_over_https_the_cookie_is_bound_to_the_host(tool, settings):
    settings.IS_HTTPS = True
    settings.SECURE_SSL_REDIRECT = False
    cookie = Reader().press(vote_path(tool), "ship").cookies["__Host-voter"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_changing_your_mind_moves_the_vote_and_the_same_again_is_nothing(tool):
    reader = Reader()
    for choice in ("ship", "skip", "skip"):
        reader.press(vote_path(tool), choice)
    assert kept(tool) == (0, 1)
    assert Vote.objects.get().changes == 1


def test_withdrawing_empties_the_vote(tool):
    reader = Reader()
    reader.press(vote_path(tool), "ship")
    response = reader.press(vote_path(tool), "withdraw")
    assert 'aria-pressed="true"' not in response.content.decode()
    assert kept(tool) == (0, 0)
    assert Vote.objects.get().choice == Vote.Choice.WITHDRAWN


def test_withdrawing_what_was_never_cast_stores_nothing_and_sets_no_cookie(tool):
    response = Reader().press(vote_path(tool), "withdraw")
    assert response.status_code == 200
    assert not response.cookies
    assert not Vote.objects.exists()


def test_after_five_changes_in_a_day_a_press_is_answered_alike_and_stores_nothing(tool):
    reader = Reader()
    choices = ["ship", "skip"] * 3
    answers = [reader.press(vote_path(tool), choice).content for choice in choices]
    assert kept(tool) == (0, 1)
    assert reader.press(vote_path(tool), "ship").content == answers[0]
    assert reader.press(vote_path(tool), "withdraw").status_code == 200
    assert kept(tool) == (0, 1)
    reader.press(vote_path(tool), "ship", now=NOW + dt.timedelta(days=1))
    assert kept(tool) == (1, 0)


def test_a_ballot_page_shows_the_readers_own_choice(tool):
    reader = Reader()
    reader.press(vote_path(tool), "skip")
    response = reader.get(vote_path(tool))
    assert "Your vote: skip" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


# --- Without JavaScript --------------------------------------------------------------------


def test_without_token_and_cookie_the_choice_is_kept_and_one_more_press_counts(tool):
    reader = Reader()
    first = reader.send(
        vote_path(tool),
        {"choice": "ship"},
        htmx=False,
        now=NOW - READING,
        headers={"Referer": "http://testserver/compare/a-vs-b/?x=1"},
    )
    assert first.status_code == 422
    page = first.content.decode()
    assert "<h1>" in page
    assert 'value="ship" aria-pressed="true"' in page
    assert not Vote.objects.exists()
    assert not first.cookies

    fields = {"choice": "ship", "token": token_in(first), "back": "/compare/a-vs-b/?x=1"}
    assert fields["back"] in page
    second = reader.send(vote_path(tool), fields, htmx=False)
    assert (second.status_code, second["Location"]) == (303, "/compare/a-vs-b/?x=1")
    assert kept(tool) == (1, 0)


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "x", ""]
)
def test_a_press_never_sends_the_reader_to_another_site(tool, back):
    response = Reader().press(vote_path(tool), "ship", htmx=False, back=back)
    assert response.status_code == 303
    assert response["Location"] == tool.get_absolute_url()


def test_a_browser_goes_back_to_where_it_came_from(tool):
    reader = Reader()
    fields = {"choice": "ship"}
    with clock(NOW - READING):
        fields["token"] = reader.fresh_token(vote_path(tool))
    response = reader.send(
        vote_path(tool), fields, htmx=False, headers={"Referer": "http://testserver/tools/"}
    )
    assert response["Location"] == "/tools/"


# --- What is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["", "love", "1", "SHIP", "first", "ship\x00"])
def test_a_wrong_choice_is_said_and_nothing_is_stored(tool, choice):
    response = Reader().press(vote_path(tool), choice)
    assert response.status_code == 422
    assert "Choose one of the boxes" in response.content.decode()
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/"},
        {"Sec-Purpose": "prefetch"},
        {"Purpose": "prefetch"},
    ],
)
@pytest.mark.parametrize("has_cookie", [True, False])
def test_presses_from_elsewhere_are_refused_each_guard_by_itself(tool, headers, has_cookie):
    reader = Reader()
    if has_cookie:
        reader.press(vote_path(make_tool()), "ship")
    token = reader.fresh_token(vote_path(tool))
    response = reader.send(
        vote_path(tool), {"choice": "ship", "token": token}, headers=headers, htmx=False
    )
    assert response.status_code == 403
    assert not Vote.objects.on(tool).exists()


def test_with_none_of_the_origin_headers_a_token_decides(tool):
    reader = Reader()
    token = reader.fresh_token(vote_path(tool))
    assert reader.post(vote_path(tool), {"choice": "ship", "token": token}).status_code == 303
    assert Vote.objects.on(tool).count() == 1


def test_no_edited_token_is_taken_whichever_character_was_edited(tool):
    reader = Reader()
    token, stranger = reader.fresh_token(vote_path(tool)), Reader()
    for place in range(len(token)):
        edited = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        # The last character of a base64 group may carry bits that say nothing.
        if place in (token.index(":") - 1, len(token) - 1):
            continue
        response = stranger.send(vote_path(tool), {"choice": "ship", "token": edited})
        assert response.status_code == 403, place
    assert not Vote.objects.exists()


def test_no_edited_cookie_is_taken_wherever_it_was_edited(tool):
    reader = Reader()
    reader.press(vote_path(tool), "ship")
    cookie = reader.cookies["voter"].value
    stranger = Reader()
    for place in range(len(cookie) - 1):
        # The last character of a base64 group may carry bits that say nothing.
        if place == cookie.index(":") - 1:
            continue
        edited = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        stranger.cookies["voter"] = edited
        assert stranger.send(vote_path(tool), {"choice": "skip"}).status_code == 422
    assert kept(tool) == (1, 0)


@pytest.mark.parametrize("token", ["x", ":", "a:b", "é", "\x00", "x" * 10_000, "e30:x"])
def test_a_forged_token_gets_a_clear_page(tool, token):
    response = Reader().send(vote_path(tool), {"choice": "ship", "token": token}, htmx=False)
    assert response.status_code == 403
    assert "something else" in response.content.decode()


@pytest.mark.parametrize("has_cookie", [True, False])
def test_a_token_of_another_ballot_is_foreign(tool, pair, has_cookie):
    reader = Reader()
    if has_cookie:
        reader.press(vote_path(make_tool()), "ship")
    for path in (vote_path(pair[0]), pick_path(*pair)):
        token = reader.fresh_token(path)
        response = reader.send(vote_path(tool), {"choice": "ship", "token": token})
        assert response.status_code == 403
    assert not Vote.objects.on(tool).exists()


def test_a_stale_form_gets_a_fresh_one(tool):
    reader = Reader()
    with clock(NOW - dt.timedelta(hours=13)):
        token = reader.fresh_token(vote_path(tool))
    response = reader.send(vote_path(tool), {"choice": "ship", "token": token})
    assert response.status_code == 422
    again = reader.send(
        vote_path(tool), {"choice": "ship", "token": token_in(response)}, now=NOW + READING
    )
    assert again.status_code == 200
    assert kept(tool) == (1, 0)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_wrong_methods_are_405(tool, method):
    assert getattr(Reader(), method)(vote_path(tool)).status_code == 405


def test_drafts_and_unknown_tools_have_no_ballot(pair):
    draft = make_tool(is_published=False)
    for path in (
        vote_path(draft),
        "/tools/nothing/vote/",
        pick_path(draft, pair[0]),
        pick_path(pair[0], draft),
        pick_path(pair[0], pair[0]),
        "/compare/a-vs-b-vs-c/pick/",
    ):
        assert Reader().get(path).status_code == 404
        assert Reader().send(path, {"choice": "ship"}).status_code == 404
    assert not Vote.objects.exists()


def test_a_tool_that_is_taken_back_between_form_and_press_keeps_no_vote(tool):
    reader = Reader()
    reader.press(vote_path(make_tool()), "ship")
    tool.is_published = False
    tool.save()
    assert reader.send(vote_path(tool), {"choice": "ship"}).status_code == 404
    assert not Vote.objects.on(tool).exists()


# --- Reading stores nothing ----------------------------------------------------------------


def test_no_get_stores_a_vote_or_sets_a_cookie(tool, pair):
    for path in (vote_path(tool), pick_path(*pair), "/privacy/", "/votes/forget/"):
        for method in ("get", "head"):
            response = getattr(Reader(), method)(path + "?choice=ship")
            assert response.status_code == 200
            assert not response.cookies
            assert "Cookie" not in response.get("Vary", "")
    assert not Vote.objects.exists()
    assert not Pick.objects.exists()


def test_a_former_slug_leads_to_the_ballot_and_still_takes_a_vote(tool):
    tool.rename_slug("loupe-2")
    assert Reader().get("/tools/loupe-nano/vote/")["Location"] == "/tools/loupe-2/vote/"
    reader = Reader()
    reader.press(vote_path(make_tool()), "ship")
    assert reader.send("/tools/loupe-nano/vote/", {"choice": "ship"}).status_code == 200
    assert kept(tool) == (1, 0)


def test_a_vote_takes_one_query(tool, django_assert_num_queries):
    newcomer, regular = Reader(), Reader()
    regular.press(vote_path(make_tool()), "ship")
    with clock(NOW - READING):
        token = newcomer.fresh_token(vote_path(tool))
    with django_assert_num_queries(1):
        newcomer.send(vote_path(tool), {"choice": "ship", "token": token})
    with django_assert_num_queries(1):
        regular.send(vote_path(tool), {"choice": "skip"})
    assert kept(tool) == (1, 1)


def test_two_tabs_are_one_voter_and_the_last_press_stands(tool):
    reader = Reader()
    with clock(NOW - READING):
        tabs = [reader.fresh_token(vote_path(tool)) for _ in range(2)]
    reader.send(vote_path(tool), {"choice": "ship", "token": tabs[0]})
    reader.send(vote_path(tool), {"choice": "skip", "token": tabs[1]})
    assert Vote.objects.count() == 1
    assert kept(tool) == (0, 1)


# --- Picks ---------------------------------------------------------------------------------


def test_a_pick_means_the_tools_as_its_address_names_them(pair):
    first, second = pair
    Reader("192.0.2.1").press(pick_path(first, second), "first")
    Reader("198.51.100.1").press(pick_path(first, second), "neither")
    reader = Reader("203.0.113.1")
    reader.press(pick_path(first, second), "first")
    reader.send(pick_path(second, first), {"choice": "first"})
    share = PickTally.objects.get().share_from(first.pk)
    assert (share.first, share.second, share.neither) == (1, 1, 1)


def test_the_page_of_a_pick_speaks_of_a_pick(pair):
    reader = Reader()
    assert "<h1>Your pick.</h1>" in reader.get(pick_path(*pair)).content.decode()
    refused = reader.send(pick_path(*pair), {"choice": "first"}, htmx=False)
    assert "<h1>Your pick is not in yet.</h1>" in refused.content.decode()
    reader.press(pick_path(*pair), "first")
    assert "<h1>Your pick is in.</h1>" in reader.get(pick_path(*pair)).content.decode()


def test_a_pick_changes_and_is_withdrawn(pair):
    reader = Reader()
    response = reader.press(pick_path(*pair), "second")
    assert "Your pick:" in response.content.decode()
    assert "picks," not in response.content.decode()
    assert Pick.objects.get().status == Status.COUNTED
    reader.press(pick_path(*pair), "first")
    assert PickTally.objects.get().share_from(pair[0].pk).first == 1
    reader.press(pick_path(*pair), "withdraw")
    assert PickTally.objects.get().share_from(pair[0].pk).picks == 0


def test_the_other_order_of_a_pair_leads_to_its_address(pair):
    first, second = pair
    assert Reader().get(pick_path(second, first))["Location"] == pick_path(first, second)


def test_forget_me_deletes_votes_picks_and_cookie(tool, pair):
    reader = Reader()
    reader.press(vote_path(tool), "ship")
    reader.press(pick_path(*pair), "first")
    Reader("198.51.100.1").press(vote_path(tool), "skip")
    page = reader.get(reverse("forget")).content.decode()
    assert "This browser has voted here" in page
    assert kept(tool) == (1, 1)
    response = reader.send(reverse("forget"), {}, htmx=False)
    assert response.status_code == 200
    assert response.cookies["voter"]["max-age"] == 0
    assert kept(tool) == (0, 1)
    assert Pick.objects.count() == 0
    assert Vote.objects.count() == 1


def test_forgetting_is_refused_from_elsewhere(tool):
    reader = Reader()
    reader.press(vote_path(tool), "ship")
    refused = reader.send(reverse("forget"), {}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert Vote.objects.count() == 1
