"""Why an answer is what it is: sentences whose numbers stand on the page. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from reviews.split import Split, SplitRow, number_word
from reviews.standing import Standing
from tools.models import Openness, Tool
from tools.pricing import PricingRead
from tools.sentences import Sentence, joined, name, sentence
from votes.shares import LEAST_VOTES

# The panel leans only where at least that many reviewers judged both tools.
LEAST_COMMON_REVIEWERS = 2


def panel_reason(split: Split, leading: Tool | None) -> Sentence:
    common = len(split.common)
    if common == 0:
        return sentence("No reviewer has judged both.")
    if common < LEAST_COMMON_REVIEWERS:
        return sentence("Only {} has judged both; two are needed.", split.common[0].reviewer.name)
    if leading:
        return sentence("Leans to {}, {}.", name(leading.name), _panel_score(split, leading))
    if split.covers_everyone:
        return sentence("{} of {} for both.", split.ships_first, common)
    return sentence("Level, {}.", _panel_score(split, None))


def readers_reason(first: Standing, second: Standing, leading: Tool | None) -> Sentence:
    one, other = first.community, second.community
    if leading:
        high, low = (one, other) if leading == first.tool else (other, one)
        return sentence("Lean to {}, {} to {}.", name(leading.name), high.short, low.short)
    if one.is_scored and other.is_scored:
        return sentence("Ranges overlap: {} and {}.", one.short, other.short)
    if not one.votes and not other.votes:
        return sentence("No votes yet on either.")
    return sentence("Not settled. {}; {}.", _readers_of(first), _readers_of(second))


def reason(
    first: Standing,
    second: Standing,
    split: Split,
    panel_tool: Tool | None,
    readers_tool: Tool | None,
) -> str:
    """'the panel, 4 to 2; readers are not settled': only where the answer names one tool."""
    if panel_tool:
        readers = "readers agree" if readers_tool else "readers are not settled"
        return f"the panel, {_panel_score(split, panel_tool)}; {readers}"
    one, other = first.community, second.community
    high, low = (one, other) if readers_tool == first.tool else (other, one)
    panel = (
        f"the panel is level, {_panel_score(split, None)}"
        if len(split.common) >= LEAST_COMMON_REVIEWERS
        else "too few reviewers judged both"
    )
    return f"readers, {high.short} to {low.short}; {panel}"


def differences(first: Standing, second: Standing, split: Split) -> Iterator[Sentence]:
    """Facts that differ, in the order in which they decide; none of them names a winner."""
    one, other = first.tool, second.tool
    yield from _openness_differs(one, other)
    if one.entry_kind != other.entry_kind:
        yield sentence(
            "The way in differs: {} is {}, {} {}.",
            name(one.name),
            first.prices.kind_words,
            name(other.name),
            second.prices.kind_words,
        )
    for multiple in PricingRead(first=first.prices, second=second.prices).multiples:
        yield multiple.sentence
    if parted := [row for row in split.common if row.splits and row.first]:
        yield sentence("{}.", joined([_parted(row, one, other) for row in parted], "; "))
    if one.licence and other.licence and one.licence != other.licence:
        yield sentence(
            "The licence differs: {} for {}, {} for {}.",
            name(one.licence),
            name(one.name),
            name(other.licence),
            name(other.name),
        )
    if one.launched_on and other.launched_on and one.launched_on != other.launched_on:
        older, newer = sorted((one, other), key=lambda tool: tool.launched_on or dt.date.max)
        yield sentence(
            "{} is the older, out since {}; {} since {}.",
            name(older.name),
            _day(older.launched_on),
            name(newer.name),
            _day(newer.launched_on),
        )


def _panel_score(split: Split, leading: Tool | None) -> str:
    """'4 to 2', the leading tool's ships first; over whom, where some judged only one."""
    ships = [split.ships_first, split.ships_second]
    high, low = sorted(ships, reverse=True) if leading else ships
    over = (
        ""
        if split.covers_everyone
        else f" over the {number_word(len(split.common))} reviewers who judged both"
    )
    return f"{high} to {low}{over}"


def _readers_of(standing: Standing) -> Sentence:
    named, share = name(standing.tool.name), standing.community
    if share.is_scored:
        return sentence("{} has {}% of {} votes", named, share.percent, share.votes)
    if not share.votes:
        return sentence("{} has no votes yet", named)
    if share.votes < LEAST_VOTES:
        return sentence("{} has {} of the {} votes a share needs", named, share.votes, LEAST_VOTES)
    return sentence("{} has {}", named, share.why_unscored)


def _openness_differs(one: Tool, other: Tool) -> Iterator[Sentence]:
    if not one.openness or not other.openness:
        return
    hosted = [tool for tool in (one, other) if tool.openness == Openness.PROPRIETARY]
    if len(hosted) == 1:
        own = other if hosted[0] == one else one
        yield sentence(
            "You can run {} yourself ({}); {} is hosted only.",
            name(own.name),
            Openness(own.openness).label,
            name(hosted[0].name),
        )


def _parted(row: SplitRow, one: Tool, other: Tool) -> Sentence:
    ships_one = row.first is not None and row.first.is_ship
    shipped, skipped = (one, other) if ships_one else (other, one)
    return sentence(
        "{} ships {} and skips {}", row.reviewer.name, name(shipped.name), name(skipped.name)
    )


def _day(day: dt.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
