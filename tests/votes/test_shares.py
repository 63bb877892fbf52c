"""What may be said of a count of votes, against the reference tables of the specification."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.shares import (
    PickShare,
    Share,
    certainty_below_half,
    certainty_words,
    evidence_below_half,
    lean_after,
    ranges_overlap,
    rank_ranges,
    votes_to_flip,
    wilson,
)

counts = st.integers(min_value=0, max_value=3000)


@pytest.mark.parametrize(
    ("ships", "skips", "share", "low", "high"),
    [
        (0, 1, 0.000000, 0.000000, 0.793451),
        (1, 0, 1.000000, 0.206549, 1.000000),
        (1, 1, 0.500000, 0.094531, 0.905469),
        (0, 5, 0.000000, 0.000000, 0.434482),
        (3, 2, 0.600000, 0.230724, 0.882379),
        (7, 3, 0.700000, 0.396778, 0.892209),
        (2, 8, 0.200000, 0.056682, 0.509838),
        (10, 0, 1.000000, 0.722467, 1.000000),
        (12, 8, 0.600000, 0.386582, 0.781193),
        (0, 20, 0.000000, 0.000000, 0.161125),
        (15, 5, 0.750000, 0.531299, 0.888138),
        (30, 20, 0.600000, 0.461814, 0.723916),
        (50, 50, 0.500000, 0.403832, 0.596168),
        (45, 5, 0.900000, 0.786398, 0.956524),
        (209, 50, 0.806950, 0.754538, 0.850390),
        (118, 25, 0.825175, 0.754649, 0.878687),
        (600, 400, 0.600000, 0.569309, 0.629925),
        (5500, 4500, 0.550000, 0.540232, 0.559730),
        (123456, 76544, 0.617280, 0.615148, 0.619408),
    ],
)
def test_wilson_agrees_with_the_reference_table(ships, skips, share, low, high):
    assert Share(ships, skips).fraction == pytest.approx(share, abs=5e-7)
    assert wilson(ships, skips) == pytest.approx((low, high), abs=5e-7)


@pytest.mark.parametrize(
    ("ships", "skips", "certainty", "evidence", "leans"),
    [
        (0, 5, 0.984375, 10.5000, False),
        (0, 8, 0.998047, 56.7778, False),
        (2, 8, 0.967285, 4.0020, False),
        (4, 16, 0.996401, 20.5377, True),
        (5, 15, 0.986698, 6.3555, False),
        (8, 12, 0.808345, 0.6408, False),
        (12, 8, 0.191655, 0.1519, False),
        (15, 35, 0.997699, 19.5712, False),
        (30, 70, 0.999972, 854.5897, True),
        (40, 60, 0.976978, 1.7841, False),
        (440, 560, 0.999927, 107.1651, True),
        (450, 550, 0.999219, 11.7856, False),
    ],
)
def test_evidence_and_lean_agree_with_the_reference_table(ships, skips, certainty, evidence, leans):
    assert certainty_below_half(ships, skips) == pytest.approx(certainty, abs=5e-7)
    assert evidence_below_half(ships, skips) == pytest.approx(evidence, abs=5e-5)
    assert lean_after("", ships=ships, skips=skips) == ("skip" if leans else "")
    assert lean_after("", ships=skips, skips=ships) == ("ship" if leans else "")


@given(ships=counts, skips=counts)
def test_certainty_and_its_mirror_share_the_whole(ships, skips):
    below, above = certainty_below_half(ships, skips), certainty_below_half(skips, ships)
    assert below + above == pytest.approx(1)


@given(ships=counts, skips=counts.filter(bool))
def test_the_interval_of_skips_mirrors_the_interval_of_ships(ships, skips):
    low, high = wilson(ships, skips)
    mirrored_low, mirrored_high = wilson(skips, ships)
    assert (low, high) == pytest.approx((1 - mirrored_high, 1 - mirrored_low))


@pytest.mark.parametrize(("ships", "skips"), [(100, 9_900), (0, 1_000_000), (499_000, 501_000)])
def test_evidence_stays_sane_at_large_counts(ships, skips):
    assert evidence_below_half(ships, skips) > 0
    assert 0.5 < certainty_below_half(ships, skips) <= 1


def test_a_lean_outlives_the_evidence_and_ends_below_nine_tenths():
    assert lean_after("", ships=4, skips=16) == "skip"
    # At 9 to 16 the certainty is .916: no lean begins here, but one that is there stays.
    assert lean_after("skip", ships=9, skips=16) == "skip"
    assert lean_after("", ships=9, skips=16) == ""
    assert lean_after("skip", ships=10, skips=16) == ""


def test_no_lean_begins_under_twenty_votes():
    assert evidence_below_half(0, 19) > 20
    assert lean_after("", ships=0, skips=19) == ""
    assert lean_after("", ships=0, skips=20) == "skip"


def test_certainty_is_never_said_to_be_more_than_99_percent():
    assert certainty_words(0.9999) == ">99%"
    assert certainty_words(0.978) == "97%"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Share(), "no votes yet"),
        (Share(1, 0), "1 vote, too few to score"),
        (Share(4, 3), "7 votes, too few to score"),
        (Share(15, 10), "25 votes, too new to score"),
        (Share(12, 8, is_settled=True), "60% ship · 95% range 38–79% · 20 reader votes"),
        (Share(20, 0, is_settled=True), "100% ship · 95% range 83–100% · 20 reader votes"),
    ],
)
def test_a_share_says_how_sure_it_is_or_why_there_is_none(share, words):
    assert share.words == words


@pytest.mark.parametrize(
    ("share", "leaning"),
    [
        (Share(15, 5), "Most voting readers ship it"),
        (Share(5, 15), "Most voting readers skip it"),
        (Share(12, 8), "Voting readers are not settled"),
        (Share(50, 50), "Voting readers are split"),
    ],
)
def test_words_come_from_the_interval_alone(share, leaning):
    assert share.leaning == leaning


@given(ships=st.integers(0, 300), skips=st.integers(0, 300))
def test_a_bound_is_rounded_outwards(ships, skips):
    share = Share(ships, skips + 1)
    low, high = share.interval
    said_low, said_high = map(int, share.range_words.removesuffix("%").split("–"))
    assert said_low / 100 <= low + 1e-9
    assert said_high / 100 >= high - 1e-9


def test_votes_to_flip_is_the_first_count_at_which_the_ranges_touch():
    leading, trailing = Share(90, 10, is_settled=True), Share(20, 30, is_settled=True)
    flips = votes_to_flip(leading, trailing)
    assert not ranges_overlap(Share(90, 10 + flips - 1), trailing)
    assert ranges_overlap(Share(90, 10 + flips), trailing)


def test_votes_to_flip_is_nothing_without_a_lean():
    assert votes_to_flip(Share(12, 8), Share(10, 10)) == 0


@given(
    ships=st.integers(1, 400),
    skips=st.integers(0, 400),
    other_ships=st.integers(0, 400),
    other_skips=st.integers(1, 400),
)
def test_votes_to_flip_is_exact(ships, skips, other_ships, other_skips):
    leading, trailing = Share(ships, skips), Share(other_ships, other_skips)
    flips = votes_to_flip(leading, trailing)
    low = trailing.interval[1]
    assert wilson(ships, skips + flips)[0] <= low or not math.isfinite(flips)
    if flips:
        assert wilson(ships, skips + flips - 1)[0] > low


def test_picks_are_shares_of_all_and_of_those_who_chose_one():
    picks = PickShare(first=89, second=40, neither=17, is_settled=True)
    assert picks.first_words == "61% (52–69%), 89 picks"
    assert picks.neither_words == "12% (7–18%), 17 picks"
    assert picks.decisive_words == "69% (60–77%)"


@pytest.mark.parametrize(
    ("picks", "words"),
    [
        (PickShare(), "no picks yet"),
        (PickShare(4, 2, 1, is_settled=True), "7 picks, too few to score"),
        (PickShare(20, 2, 1), "23 picks, too new to score"),
        (PickShare(10, 2, 10, is_settled=True), "22 picks"),
    ],
)
def test_picks_say_why_there_is_no_share(picks, words):
    assert picks.words == words
    assert not picks.decisive_words


def test_ranks_are_ranges_where_intervals_overlap():
    intervals = [(0.80, 0.88), (0.77, 0.86), (0.50, 0.60), (0.55, 0.79), (0.10, 0.20)]
    assert rank_ranges(intervals) == [(1, 2), (1, 3), (3, 4), (2, 4), (5, 5)]


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=1, max_size=30))
def test_a_rank_range_counts_those_surely_above_and_not_surely_below(pairs):
    intervals = [wilson(ships, skips) for ships, skips in pairs]
    for (low, high), ranks in zip(intervals, rank_ranges(intervals), strict=True):
        assert ranks == (
            1 + sum(other_low > high for other_low, _ in intervals),
            sum(other_high >= low for _, other_high in intervals),
        )
