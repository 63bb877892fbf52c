"""The answer, as a pure function: no database, any numbers."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.models import Review, Reviewer
from reviews.split import Split, SplitRow
from reviews.standing import Standing
from reviews.verdict import NOTHING_DIFFERS, Answer, Kind, answer
from tools.models import PricePoint, Tool
from tools.pricing import PriceList
from votes.shares import Share

PANEL = [
    Reviewer(pk=place, slug=slug, name=f"The {slug.title()}", position=place)
    for place, slug in enumerate(["builder", "skeptic", "futurist", "founder"], start=1)
]
A = {"pk": 1, "slug": "avocet", "name": "Avocet"}
B = {"pk": 2, "slug": "loupe", "name": "Loupe"}
ALIKE = {"openness": "open-source", "entry_price": "Free", "entry_kind": "free"}

verdicts = st.sampled_from(["ship", "skip", ""])
panels = st.tuples(verdicts, verdicts, verdicts, verdicts)
shares = st.builds(
    Share,
    ships=st.integers(0, 400),
    skips=st.integers(0, 400),
    is_settled=st.booleans(),
)
tool_facts = st.fixed_dictionaries(
    {
        "openness": st.sampled_from(["", "open-source", "open-weights", "proprietary"]),
        "entry_kind": st.sampled_from(["free", "usage", "on-request"]),
        "licence": st.sampled_from(["", "MIT", "Apache-2.0"]),
        "launched_on": st.sampled_from([None, dt.date(2025, 1, 1), dt.date(2026, 1, 1)]),
    }
)
amounts = st.sampled_from([None, "0", "1", "4"])
sides = st.tuples(panels, shares, tool_facts, amounts)


def a_side(who, panel, share=None, facts=None, amount=None):
    tool = Tool(**who, **(ALIKE | (facts or {})))
    reviews = tuple(
        Review(reviewer=persona, tool=tool, verdict=verdict)
        for persona, verdict in zip(PANEL, panel, strict=True)
        if verdict
    )
    rows: tuple[PricePoint, ...] = ()
    if amount is not None:
        point = PricePoint(pk=who["pk"], tool=tool, label="Standard", amount=Decimal(amount))
        point.currency, point.unit, point.effective_on = "USD", "per month", dt.date(2026, 1, 1)
        rows = (point,)
    return Standing(
        tool=tool,
        reviews=reviews,
        community=share or Share(),
        prices=PriceList(tool=tool, rows=rows),
    )


def the_answer(first: Standing, second: Standing) -> Answer:
    rows = tuple(
        SplitRow(persona, first.review_by(persona.pk), second.review_by(persona.pk))
        for persona in PANEL
    )
    return answer(first, second, Split(first=first.tool, second=second.tool, rows=rows))


def on_panels(one: str, other: str) -> Answer:
    """The answer on two panels written as four letters: s(hip), k (skip), - (not reviewed)."""
    words = {"s": "ship", "k": "skip", "-": ""}
    return the_answer(
        a_side(A, [words[letter] for letter in one]), a_side(B, [words[letter] for letter in other])
    )


def test_a_panel_that_ships_one_more_often_decides():
    given_answer = on_panels("ssss", "sskk")
    assert str(given_answer.line) == "Ship Avocet."
    assert given_answer.reason == "the panel, 4 to 2; readers are not settled"
    assert str(given_answer.panel_reason) == "Leans to Avocet, 4 to 2."


def test_only_reviewers_who_judged_both_count():
    given_answer = on_panels("ssss", "ssk-")
    assert str(given_answer.line) == "Ship Avocet."
    assert "the panel, 3 to 2 over the three reviewers who judged both" in given_answer.reason


def test_the_leading_tools_ships_come_first_whichever_side_it_stands_on():
    assert on_panels("sskk", "ssss").reason.startswith("the panel, 4 to 2")


@pytest.mark.parametrize(("one", "other"), [("ssss", "----"), ("----", "----"), ("s---", "s---")])
def test_fewer_than_two_common_reviewers_give_no_verdict_and_no_tie(one, other):
    given_answer = on_panels(one, other)
    assert given_answer.kind is Kind.NONE
    assert str(given_answer.line) == "No verdict yet."
    assert given_answer.deciding is None


def test_a_tie_says_so_and_that_nothing_separates_twins():
    given_answer = on_panels("sssk", "sssk")
    assert given_answer.kind is Kind.TIE
    assert given_answer.deciding == NOTHING_DIFFERS


def test_readers_alone_can_decide():
    given_answer = the_answer(
        a_side(A, [""] * 4, Share(ships=90, skips=10, is_settled=True)),
        a_side(B, [""] * 4, Share(ships=40, skips=60, is_settled=True)),
    )
    assert str(given_answer.line) == "Ship Avocet."
    assert given_answer.votes_to_flip
    assert given_answer.reason.startswith("readers, 90% (")


def test_panel_and_readers_apart_are_opposed():
    given_answer = the_answer(
        a_side(A, ["ship"] * 4, Share(ships=40, skips=60, is_settled=True)),
        a_side(B, ["skip"] * 4, Share(ships=90, skips=10, is_settled=True)),
    )
    assert given_answer.kind is Kind.OPPOSED
    assert str(given_answer.line) == "The panel would ship Avocet; readers would ship Loupe."
    assert given_answer.tool is None


def test_readers_without_a_score_never_lean():
    given_answer = the_answer(
        a_side(A, ["ship"] * 4, Share(ships=300, skips=0, is_settled=False)),
        a_side(B, ["ship"] * 4, Share(ships=0, skips=300, is_settled=True)),
    )
    assert given_answer.kind is Kind.TIE


@pytest.mark.parametrize(
    ("facts", "amount", "decides"),
    [
        (
            {"openness": "proprietary"},
            None,
            "You can run Avocet yourself (open source); Loupe is hosted only.",
        ),
        ({"entry_kind": "usage"}, None, "The way in differs: Avocet is free, Loupe pay per use."),
        ({}, "4", "Per month: Loupe (Standard) costs 4 times Avocet (Standard)."),
        ({"licence": "MIT"}, "1", "The licence differs: Apache-2.0 for Avocet, MIT for Loupe."),
        (
            {"launched_on": dt.date(2026, 6, 1)},
            "1",
            "Avocet is the older, out since 1 January 2025; Loupe since 1 June 2026.",
        ),
    ],
)
def test_the_first_recorded_difference_decides_a_tie(facts, amount, decides):
    known = {"licence": "Apache-2.0", "launched_on": dt.date(2025, 1, 1)}
    given_answer = the_answer(
        a_side(A, ["ship"] * 4, facts=known, amount="1"),
        a_side(B, ["ship"] * 4, facts=known | facts, amount=amount),
    )
    assert given_answer.deciding == decides


def test_a_persona_who_parts_the_two_decides_before_the_licence():
    given_answer = on_panels("sskk", "skks")
    assert given_answer.deciding == (
        "The Skeptic ships Avocet and skips Loupe; The Founder ships Loupe and skips Avocet."
    )


def test_unknown_openness_decides_nothing():
    given_answer = the_answer(
        a_side(A, ["ship"] * 4, facts={"openness": ""}),
        a_side(B, ["ship"] * 4, facts={"openness": "proprietary"}),
    )
    assert given_answer.deciding == NOTHING_DIFFERS


@given(one=sides, other=sides)
def test_swapping_the_tools_mirrors_the_answer(one, other):
    straight = the_answer(a_side(A, *one), a_side(B, *other))
    swapped = the_answer(a_side(B, *other), a_side(A, *one))
    assert swapped.kind == straight.kind
    assert swapped.tool == straight.tool
    assert swapped.panel_tool == straight.panel_tool
    assert swapped.readers_tool == straight.readers_tool
    assert swapped.votes_to_flip == straight.votes_to_flip
    assert (swapped.deciding == NOTHING_DIFFERS) == (straight.deciding == NOTHING_DIFFERS)


@given(one=sides, other=sides)
def test_an_answer_names_only_a_tool_that_its_numbers_favor(one, other):
    first, second = a_side(A, *one), a_side(B, *other)
    given_answer = the_answer(first, second)
    if given_answer.kind is not Kind.SHIP:
        assert given_answer.tool is None
        return
    better, worse = (first, second) if given_answer.tool == first.tool else (second, first)
    both = [r for r in better.reviews if worse.review_by(r.reviewer_id)]
    ships = sum(r.is_ship for r in both)
    against = sum(worse.review_by(r.reviewer_id).is_ship for r in both)
    scored = better.community.is_scored and worse.community.is_scored
    readers_favor = scored and better.community.interval[0] > worse.community.interval[1]
    readers_oppose = scored and worse.community.interval[0] > better.community.interval[1]
    assert (len(both) >= 2 and ships > against) or readers_favor
    assert not readers_oppose
    assert not (len(both) >= 2 and ships < against)


@given(one=sides, other=sides, place=st.integers(0, 3))
def test_one_more_ship_from_a_reviewer_of_both_never_turns_the_answer_away(one, other, place):
    panel, *rest = one
    if panel[place] != "skip" or not other[0][place]:
        return
    keener = tuple("ship" if i == place else v for i, v in enumerate(panel))
    second = a_side(B, *other)
    before = the_answer(a_side(A, *one), second)
    after = the_answer(a_side(A, keener, *rest), second)
    if before.tool != second.tool:
        assert after.tool != second.tool


@given(one=sides, other=sides)
def test_one_more_reader_who_ships_never_turns_the_answer_away(one, other):
    panel, share, *rest = one
    more = Share(ships=share.ships + 1, skips=share.skips, is_settled=share.is_settled)
    if more.is_scored != share.is_scored:
        return
    second = a_side(B, *other)
    before = the_answer(a_side(A, *one), second)
    after = the_answer(a_side(A, panel, more, *rest), second)
    if before.tool != second.tool:
        assert after.tool != second.tool


@given(panel=panels, share=shares, facts=tool_facts)
def test_twins_never_get_a_winner(panel, share, facts):
    given_answer = the_answer(a_side(A, panel, share, facts), a_side(B, panel, share, facts))
    assert given_answer.kind in {Kind.TIE, Kind.NONE}
    if given_answer.kind is Kind.TIE:
        assert given_answer.deciding == NOTHING_DIFFERS
