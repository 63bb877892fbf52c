"""Ship, skip and the other marks: one drawing each, printed once a page and reused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from django.template.defaultfilters import pluralize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from reviews.models import Review

DRAWINGS = {
    "ship": '<path fill="currentColor" fill-rule="evenodd" '
    'd="M0 0h16v16H0zM2.6 8.3l4.2 4.2 6.6-7.3-1.6-1.5-5.1 5.6-2.6-2.5z"/>',
    "skip": '<path fill="none" stroke="currentColor" stroke-width="2" '
    'd="M1 1h14v14H1zM1 15 15 1"/>',
    "box": '<path fill="none" stroke="currentColor" stroke-width="1.6" d="M1 1h14v14H1z"/>',
    "tie": '<path fill="none" stroke="currentColor" stroke-width="2" '
    'd="M1 1h14v14H1zM4 6h8M4 10h8"/>',
    "split": '<path fill="currentColor" d="M0 0h16L0 16z"/>'
    '<path fill="none" stroke="currentColor" stroke-width="2" d="M1 1h14v14H1z"/>',
    "none": '<path fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="2.5 2.5" d="M1 1h14v14H1z"/>',
}
# A ballot's boxes change without a new page, so a page with an empty box holds all three.
BALLOT_ICONS = {"box", "ship", "skip"}
COLOURED = {"ship", "skip", "none"}
USED = re.compile(r'"#i-([a-z]+)"')

WORDS = {Review.Choice.SHIP: "Ship", Review.Choice.SKIP: "Skip"}


@cache
def icon(name: str) -> SafeString:
    """The mark without a word; something beside it must say the same."""
    colour = f" is-{name}" if name in COLOURED else ""
    return format_html(
        '<svg class="pip{}" aria-hidden="true"><use href="#i-{}"/></svg>', colour, name
    )


@cache
def mark(verdict: str) -> SafeString:
    """A verdict as mark and word: Ship or Skip; without one, Not yet."""
    if not verdict:
        return format_html('<span class="mark is-none">{}Not yet</span>', icon("none"))
    return format_html(
        '<span class="mark is-{0}"><svg class="pip" aria-hidden="true"><use href="#i-{0}"/></svg>'
        "{1}</span>",
        verdict,
        WORDS[Review.Choice(verdict)],
    )


def pips(reviews: Iterable[Review]) -> SafeString:
    """A box per reviewer who judged, ships first; its label says the count."""
    return _pips(tuple(sorted(review.verdict for review in reviews)))


@cache
def _pips(verdicts: tuple[str, ...]) -> SafeString:
    if not verdicts:
        return format_html(
            '<span class="pips" role="img" aria-label="Not reviewed yet">{}</span>', icon("none")
        )
    return format_html(
        '<span class="pips" role="img" aria-label="{} of {} reviewer{} say ship">{}</span>',
        verdicts.count(Review.Choice.SHIP),
        len(verdicts),
        pluralize(len(verdicts)),
        format_html_join("", "{}", ((icon(verdict),) for verdict in verdicts)),
    )


def iconed(page: str) -> SafeString:
    """The drawings that are used within, then what is within."""
    used = set(USED.findall(page))
    if "box" in used:
        used |= BALLOT_ICONS
    symbols = "".join(
        f'<symbol id="i-{name}" viewBox="0 0 16 16">{DRAWINGS[name]}</symbol>'
        for name in DRAWINGS
        if name in used
    )
    sprite = f'<svg class="sprite" aria-hidden="true">{symbols}</svg>' if used else ""
    # Both parts are markup already: the drawings above, and the output of templates.
    return mark_safe(f"{sprite}{page}")  # noqa: S308
