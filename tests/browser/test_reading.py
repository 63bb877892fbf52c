"""A reader with a keyboard only, without JavaScript, with forced colours, on paper."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.browser.pages import COMPARISON, PAGES


@pytest.mark.parametrize("name", ["opposed, all scored", "home", "a tool with a price history"])
def test_a_page_without_javascript_says_all_that_it_says_with_it(open_page, name):
    def words(**options):
        said = open_page(PAGES[name], **options).locator("body").inner_text()
        return re.sub(r"\s+", " ", said)

    assert words(java_script_enabled=False) == words()


def test_the_first_tab_offers_to_skip_to_the_verdict(open_page):
    page = open_page(COMPARISON)

    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to the verdict"
    assert link.bounding_box()["y"] >= 0

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_every_stop_of_the_keyboard_shows_where_it_is(open_page):
    page = open_page(COMPARISON)
    stops = page.locator("a[href], button, input:not([type=hidden]):not([tabindex='-1']), summary")
    seen = 0
    for _ in range(stops.count()):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => { const s = getComputedStyle(document.activeElement);
                 return [document.activeElement.tagName, s.outlineStyle, s.outlineWidth]; }"""
        )
        if style[0] == "BODY":
            break
        seen += 1
        assert style[1:] == ["solid", "3px"]
    assert seen > 30


def test_a_ballot_is_cast_changed_and_withdrawn_by_keyboard(open_page):
    page = open_page(COMPARISON)
    ship = page.locator("#vote-quillwort-ship")
    form = page.locator("#vote-quillwort")

    ship.focus()
    page.wait_for_selector("#vote-quillwort [name=token]", state="attached")
    page.keyboard.press("Enter")
    page.wait_for_selector("#vote-quillwort-ship[aria-pressed=true]")
    assert "Your vote: ship" in form.inner_text()
    assert "ship" in page.locator("#said").inner_text()
    assert page.evaluate("document.activeElement.id") == "vote-quillwort-ship"

    page.locator("#vote-quillwort-skip").press("Enter")
    page.wait_for_selector("#vote-quillwort-skip[aria-pressed=true]")
    assert "Your vote: skip" in form.inner_text()

    page.locator("#vote-quillwort-withdraw").press("Enter")
    page.wait_for_selector("#vote-quillwort-skip[aria-pressed=false]")


def test_a_ballot_is_cast_without_javascript(open_page):
    page = open_page(COMPARISON, java_script_enabled=False)

    page.locator("#vote-quillwort-ship").click()
    page.locator("#vote-quillwort-ship").click()

    assert page.url.endswith(COMPARISON)
    assert "Your vote: ship" in page.locator("#vote-quillwort").inner_text()


def test_a_pressed_box_shows_in_forced_colours(open_page):
    page = open_page(COMPARISON, forced_colors="active", java_script_enabled=False)
    page.locator("#vote-quillwort-skip").click()
    page.locator("#vote-quillwort-skip").click()

    looks = "e => { const s = getComputedStyle(e); return [s.borderWidth, s.outlineStyle]; }"
    pressed = page.locator("#vote-quillwort-skip").evaluate(looks)
    other = page.locator("#vote-quillwort-ship").evaluate(looks)

    assert pressed != other


def test_the_comparison_prints_without_its_forms(open_page):
    page = open_page(COMPARISON)
    page.emulate_media(media="print")

    for hidden in (".ballot", ".newsletter", ".masthead nav", ".contents"):
        assert not page.locator(hidden).first.is_visible(), hidden
    for shown in (".answer__line", ".scores", ".split", ".opinion"):
        assert page.locator(shown).first.is_visible(), shown


def test_a_comparison_weighs_less_than_60_kilobytes(open_page):
    """The page, its style sheets, script and drawings, compressed."""
    page = open_page(COMPARISON)
    loaded = page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
    bodies = [page.request.get(address).body() for address in [page.url, *loaded]]

    assert sum(len(gzip.compress(body)) for body in bodies) < 60_000
