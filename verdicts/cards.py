"""Social cards: the picture that stands beside a link to a comparison, or to any other page.

An SVG of measured text, turned into a PNG once per content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import font_source_sans_pro
import font_source_serif_pro
import resvg_py
from django.core.cache import cache as shared_cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from fontTools.ttLib import TTFont
from redis.exceptions import RedisError

from reviews.models import Review
from reviews.standing import Standing
from reviews.verdict import Verdict, verdict_on
from tools.models import VERSUS, Comparison, Tool, pair_slug
from verdicts.pagecache.sharing import public_page

SERIF = Path(font_source_serif_pro.font_directory, "SourceSerifPro-Regular.ttf")
SERIF_ITALIC = Path(font_source_serif_pro.font_directory, "SourceSerifPro-It.ttf")
SANS = Path(font_source_sans_pro.font_directory, "SourceSansPro-Regular.ttf")
SANS_BOLD = Path(font_source_sans_pro.font_directory, "SourceSansPro-Bold.ttf")

# Pixels between the margins of the whole card, and of one tool's column.
ROOM, COLUMN = 1072, 504
# What stands before the second name, in widths of its type.
VERSUS_EMS = 1.25
SECONDS_KEPT = 7 * 86_400


# --- Type --------------------------------------------------------------------------------


class Face:
    """One cut of the type: which letters it has, and how wide they are, in ems."""

    def __init__(self, path: Path) -> None:
        with TTFont(path, lazy=True) as font:
            widths, em = font["hmtx"], font["head"].unitsPerEm
            self.advances: dict[int, float] = {
                code: widths[glyph][0] / em for code, glyph in font.getBestCmap().items()
            }

    def drawable(self, text: str) -> str:
        """The text without the letters that the face lacks."""
        return " ".join("".join(c for c in text if ord(c) in self.advances).split())

    def width(self, text: str) -> float:
        return sum(self.advances.get(ord(c), 1.0) for c in text)

    def fitted(self, text: str, *, size: int, room: float) -> str:
        """The text, cut with an ellipsis where it is wider than the room."""
        if self.width(text) * size <= room:
            return text
        while text and self.width(text + "…") * size > room:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def size(self, text: str, *, most: int, least: int, room: float) -> int:
        """The largest size at which the text fits into the room."""
        return max(least, min(most, int(room / max(self.width(text), 0.1))))


@cache
def face(path: Path) -> Face:
    return Face(path)


def name_of(tool: Tool) -> str:
    """The name as the type can draw it; in another script, the slug's words."""
    drawable = face(SERIF).drawable(tool.name)
    letters = sum(c.isalnum() for c in drawable)
    if 2 * letters > sum(c.isalnum() for c in tool.name):
        return drawable
    return tool.slug.replace("-", " ")


# --- Drawing -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """What the card says of one tool."""

    name: str
    verdicts: Sequence[str]
    panel: str
    readers: str

    @classmethod
    def of(cls, standing: Standing) -> Side:
        name = face(SANS_BOLD).drawable(name_of(standing.tool))
        share, panel = standing.community, standing.panel
        return cls(
            name=face(SANS_BOLD).fitted(name, size=26, room=COLUMN - 40),
            verdicts=[Review.Choice(review.verdict).value for review in standing.reviews],
            panel=f"{panel.count_words} ship" if panel.is_judged else panel.count_words,
            readers=f"Readers {share.short}, {share.votes} votes"
            if share.is_scored
            else f"Readers: {share.short}",
        )


def card_svg(verdict: Verdict) -> str:
    """The card of a comparison; a function of what its page shows."""
    serif = face(SERIF)
    names = [name_of(standing.tool) for standing in verdict.standings]
    size = min(
        serif.size(names[0], most=104, least=44, room=ROOM),
        serif.size(names[1], most=104, least=44, room=ROOM - VERSUS_EMS * 104),
    )
    line, deciding = str(verdict.answer.line), str(verdict.answer.deciding or "")
    for standing, name in zip(verdict.standings, names, strict=True):
        line, deciding = (text.replace(standing.tool.name, name) for text in (line, deciding))
    line_size = serif.size(line, most=46 if deciding else 64, least=34, room=ROOM - 75)
    deciding_size = face(SANS).size(deciding, most=27, least=22, room=ROOM - 75)
    context = {
        "first_name": serif.fitted(names[0], size=size, room=ROOM),
        "second_name": serif.fitted(names[1], size=size, room=ROOM - VERSUS_EMS * size),
        "size": size,
        # Two lines of names, in the middle between the rules.
        "first_baseline": 190 + size // 7,
        "second_baseline": 254 + size * 53 // 100,
        "line": serif.fitted(line, size=line_size, room=ROOM - 75),
        "line_size": line_size,
        "deciding": face(SANS).fitted(deciding, size=deciding_size, room=ROOM - 75),
        "deciding_size": deciding_size,
        "icon": verdict.answer.icon,
        "sides": [(64, Side.of(verdict.first)), (632, Side.of(verdict.second))],
    }
    return render_to_string("verdicts/card.svg", context)


def png_of(svg: str) -> bytes:
    """The picture; drawn once for the same drawing, or each time while the cache is away."""
    key = f"card:{hashlib.sha256(svg.encode()).hexdigest()}"
    with suppress(RedisError):
        if (kept := shared_cache.get(key)) is not None:
            return bytes(kept)
    png = bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(path) for path in (SERIF, SERIF_ITALIC, SANS, SANS_BOLD)],
            serif_family="Source Serif Pro",
            sans_serif_family="Source Sans Pro",
        )
    )
    with suppress(RedisError):
        shared_cache.set(key, png, SECONDS_KEPT)
    return png


# --- Addresses ---------------------------------------------------------------------------


@require_safe
@public_page
def comparison_card(request: HttpRequest, pair: str) -> HttpResponse:
    now = timezone.now()
    slugs = pair.split(VERSUS)
    tools = list(Tool.objects.published().by_any_slug(slugs).values())
    if len(slugs) != 2 or len(tools) != 2:
        raise Http404("A card is of two published tools.")
    rows = Comparison.objects.published(now=now).of_pair(*tools).with_tools()
    comparison = rows.first()
    if comparison is None:
        raise Http404("Only a published comparison has a card of its own.")
    if pair != (address := pair_slug(*tools)):
        return redirect("comparison_card", address, permanent=True)
    png = png_of(card_svg(verdict_on(comparison, now=now)))
    return HttpResponse(png, content_type="image/png")


@require_safe
@public_page
def site_card(request: HttpRequest) -> HttpResponse:
    """The card of every page that has none of its own."""
    png = png_of(render_to_string("verdicts/site_card.svg"))
    return HttpResponse(png, content_type="image/png")
