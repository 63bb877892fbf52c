"""Social cards."""

from __future__ import annotations

import struct
from typing import Any
from xml.etree import ElementTree

import pytest
import resvg_py
from django.core.cache import cache

from reviews.verdict import verdict_on
from tests.factories import NOW, make_comparison, make_panel, make_price, make_review, make_tool
from tools.models import Comparison
from verdicts.cards import ROOM, SERIF, card_svg, face, name_of, png_of

pytestmark = pytest.mark.django_db


def svg_of(comparison: Comparison) -> str:
    return card_svg(verdict_on(comparison, now=NOW))


def texts_of(svg: str) -> list[str]:
    return [
        "".join(node.itertext()).strip()
        for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_a_card_is_drawn_though_the_cache_is_away(client, settings, tmp_path):
    away = {**settings.CACHES["default"], "LOCATION": f"unix://{tmp_path}/valkey.sock"}
    settings.CACHES = {**settings.CACHES, "default": away}

    assert client.get("/cards/site.png").content[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_card_is_a_picture_of_the_right_size(client):
    make_comparison(make_tool("heron"), make_tool("plover"))

    response = client.get("/cards/heron-vs-plover.png")

    assert response["Content-Type"] == "image/png"
    assert response.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", response.content[16:24]) == (1200, 630)
    assert not response.cookies


def test_it_says_what_the_page_says():
    heron, plover = make_tool("heron", name="Heron"), make_tool("plover", name="Plover")
    make_panel(heron, ships=4)
    make_panel(plover, ships=1)

    texts = texts_of(svg_of(make_comparison(heron, plover)))

    assert texts == [
        "AI tool comparison",
        "Heron",
        "vs Plover",
        "Ship Heron.",
        "Heron",
        "4 of 4 ship",
        "Readers: no votes yet",
        "Plover",
        "1 of 4 ship",
        "Readers: no votes yet",
    ]


def test_a_tie_is_a_tie_with_what_decides():
    heron = make_tool("heron", name="Heron", openness="open-source")
    plover = make_tool("plover", name="Plover")
    make_panel(heron)
    make_panel(plover)

    texts = texts_of(svg_of(make_comparison(heron, plover)))

    assert texts[3] == "A tie."
    assert texts[4].startswith("You can run Heron yourself")


@pytest.mark.parametrize(
    "name",
    [
        "Brightwell Cloud Vision Enterprise",
        "Fieldglass Edge Professional Unlimited",
        "W" * 80,
        "i" * 80,
        "A & <b>B</b> \"C\" 'D' {{ x }}",
        "Ř",
    ],
)
def test_names_of_any_length_fit(name):
    long = make_tool("long", name=name)
    short = make_tool("short", name=name)
    for reviewer in ("builder", "skeptic"):
        make_review(long, reviewer)
        make_review(short, reviewer, "skip")

    svg = svg_of(make_comparison(long, short))

    for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
        if node.get("font-family") == "Source Serif Pro":
            size = float(node.get("font-size", "0"))
            for line in node:
                width = face(SERIF).width("".join(line.itertext()).strip()) * size
                assert width <= ROOM
    assert png_of(svg)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("مالك الحزين", "grey heron"),
        ("鹭 2", "grey heron"),
        ("Čáp 🚀", "Čáp"),
        ("Цапля", "Цапля"),
        ("🚀", "grey heron"),
    ],
)
def test_letters_that_the_type_lacks(name, drawn):
    assert name_of(make_tool("grey-heron", name=name)) == drawn


def test_a_card_is_drawn_once_for_the_same_content(monkeypatch):
    cache.clear()
    drawn: list[str] = []
    draw = resvg_py.svg_to_bytes

    def noted(*, svg_string: str, **how: Any) -> bytes:
        drawn.append(svg_string)
        return bytes(draw(svg_string=svg_string, **how))

    monkeypatch.setattr(resvg_py, "svg_to_bytes", noted)
    heron = make_tool("heron", name="Heron")
    comparison = make_comparison(heron, make_tool("plover"))

    assert png_of(svg_of(comparison)) == png_of(svg_of(comparison))
    make_price(heron)
    png_of(svg_of(comparison))
    assert len(drawn) == 1

    make_review(heron)
    png_of(svg_of(comparison))
    assert len(drawn) == 2


def test_only_published_comparisons_have_a_card(client):
    heron, plover = make_tool("heron"), make_tool("plover")
    make_comparison(heron, make_tool("draft", is_published=False))
    make_comparison(heron, make_tool("later"), publish_at=None)

    for pair in ("heron-vs-plover", "draft-vs-heron", "heron-vs-later", "heron-vs-heron", "heron"):
        assert client.get(f"/cards/{pair}.png").status_code == 404
    assert plover.is_published


def test_the_other_order_and_former_slugs_move_to_the_one_address(client):
    heron = make_tool("heron")
    make_comparison(heron, make_tool("plover"))
    heron.rename_slug("grey-heron")

    for pair in ("plover-vs-grey-heron", "heron-vs-plover"):
        response = client.get(f"/cards/{pair}.png")
        assert response.status_code == 301
        assert response["Location"] == "/cards/grey-heron-vs-plover.png"


def test_any_other_page_has_the_sites_card(client):
    assert client.get("/cards/site.png").content[:8] == b"\x89PNG\r\n\x1a\n"
