"""Hints on a review's text."""

from __future__ import annotations

import pytest

from reviews.models import Review
from verdicts.desk.wording import echoes, hints_on, runs


def test_runs_are_five_words_whatever_their_case_and_marks() -> None:
    assert runs("It’s a clean, small primitive.") == {("it’s", "a", "clean", "small", "primitive")}


def test_fewer_than_five_words_have_no_runs() -> None:
    assert runs("Ship it now, please.") == set()


def test_the_strongest_echo_stands_first() -> None:
    text = "One two three four five six seven eight."
    weak, strong = Review(text="four five six seven eight"), Review(text=text)
    found = echoes(text, [weak, strong])
    assert [(echo.of, echo.percent) for echo in found] == [(strong, 100), (weak, 25)]


@pytest.mark.parametrize(
    ("count", "is_short", "is_long"), [(49, True, False), (50, False, False), (111, False, True)]
)
def test_length_is_counted_in_words(count: int, is_short: bool, is_long: bool) -> None:
    hints = hints_on("word " * count, others=[])
    assert (hints.words, hints.is_short, hints.is_long) == (count, is_short, is_long)


@pytest.mark.parametrize("claim", ["we tested", "I’ve used", "I ran", "We have measured"])
def test_a_persona_claims_no_experience(claim: str) -> None:
    assert hints_on(f"Last week {claim} it.", others=[]).claims == (claim,)


def test_facts_are_no_claims() -> None:
    assert hints_on("The maker tested it. What we record differs.", others=[]).claims == ()
