"""A reader votes in a real browser: at once, in a hurry, without JavaScript, and is told so."""

from __future__ import annotations

import pytest

PAIR = "/compare/avocet-lite-vs-loupe-nano/"
SHIP, SKIP = "#vote-loupe-nano-ship", "#vote-loupe-nano-skip"
NOTE = "#vote-loupe-nano .ballot__note"


def pressed(page, selector):
    page.wait_for_selector(f"{selector}[aria-pressed=true]")


def test_the_very_first_press_counts_however_fast_it_comes(open_page):
    page = open_page(PAIR)
    # Pointer, focus and press in one breath: the press waits for the token.
    page.locator(SHIP).click(no_wait_after=True)
    pressed(page, SHIP)
    assert "Your vote: ship (new votes can take a day to count)" in page.inner_text(NOTE)
    assert page.inner_text("#said") == "Your vote on Loupe Nano: ship."
    assert page.url.endswith(PAIR)


def test_a_press_by_touch_counts(open_page):
    page = open_page(PAIR, has_touch=True, width=390)
    page.locator(SKIP).tap()
    pressed(page, SKIP)


def test_the_keyboard_stays_where_it_was(open_page):
    page = open_page(PAIR)
    page.locator(SKIP).focus()
    page.keyboard.press("Space")
    pressed(page, SKIP)
    assert page.evaluate("document.activeElement.id") == SKIP.removeprefix("#")


def test_presses_on_both_ballots_and_the_pick_are_kept_for_the_reader(open_page):
    page = open_page(PAIR)
    for selector in ("#vote-avocet-lite-skip", SHIP, "#pick-avocet-lite-vs-loupe-nano-neither"):
        page.locator(selector).click()
        pressed(page, selector)
    page.reload()
    for selector in ("#vote-avocet-lite-skip", SHIP, "#pick-avocet-lite-vs-loupe-nano-neither"):
        pressed(page, selector)


def test_reading_leaves_no_cookie_and_a_vote_leaves_one(open_page):
    page = open_page(PAIR)
    page.goto("/tools/loupe-nano/vote/")
    assert page.context.cookies() == []
    page.locator(SHIP).click()
    pressed(page, SHIP)
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("voter", True, "Lax")


@pytest.mark.parametrize("address", [PAIR, "/tools/loupe-nano/"])
def test_without_javascript_a_second_press_counts_and_leads_back(open_page, address):
    page = open_page(address, java_script_enabled=False)
    page.locator(SHIP).click()
    assert page.inner_text("h1") == "Your vote is not in yet."
    assert page.get_attribute(SHIP, "aria-pressed") == "true"
    page.locator(SHIP).click()
    assert page.url.endswith(address)
    assert "Your vote: ship" in page.inner_text(NOTE)
    # From now on one press is enough.
    page.locator(SKIP).click()
    assert page.url.endswith(address)
    assert "Your vote: skip" in page.inner_text(NOTE)
    page.locator("#vote-loupe-nano-withdraw").click()
    assert page.get_attribute(SKIP, "aria-pressed") == "false"


def test_forget_me_empties_every_ballot(open_page):
    page = open_page(PAIR)
    page.locator(SHIP).click()
    pressed(page, SHIP)
    page.goto("/privacy/")
    page.get_by_role("link", name="See what is kept").click()
    page.get_by_role("button", name="Delete all that is kept").click()
    assert page.inner_text("h1") == "Forgotten."
    assert page.context.cookies() == []
    page.goto(PAIR)
    assert page.get_attribute(SHIP, "aria-pressed") == "false"
