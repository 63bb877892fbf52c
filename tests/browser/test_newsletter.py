"""The pages behind mailed links, in a browser that runs scripts, as link scanners do."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Request

from newsletter.models import ConsentEvent, Move, Subscriber
from newsletter.tokens import (
    confirm_token,
    data_token,
    move_token,
    preferences_token,
    unsubscribe_token,
)
from tests.browser.test_every_page import AXE, SMALL_TARGETS, TOO_WIDE, WIDTHS
from tests.factories import make_move, make_subscriber


@pytest.fixture(scope="module")
def links(site):
    """Where each link of a mail leads, by what it is for."""
    reader = make_subscriber("browsing@example.org")
    newcomer = make_subscriber("newcomer@example.org", state="pending", confirmed_at=None)
    now = timezone.now()
    move = make_move(reader, "another.address.that.is.long@subdomain.example.org", at=now)
    chooser = preferences_token(reader.pk, 1)
    return {
        "confirm": f"/newsletter/confirm/{confirm_token(newcomer.pk, 1, now=now)}/",
        "unsubscribe": f"/newsletter/unsubscribe/{unsubscribe_token(reader.pk, 1)}/",
        "delete": f"/newsletter/unsubscribe/{unsubscribe_token(newcomer.pk, 1)}/",
        "preferences": f"/newsletter/preferences/{chooser}/",
        "another address": f"/newsletter/preferences/{chooser}/address/",
        "move": f"/newsletter/move/{move_token(move.pk, now=now)}/",
        "own data": f"/newsletter/data/{data_token(reader.pk, 1, now=now)}/",
        "ended": "/newsletter/confirm/ended/",
        "check your inbox": "/newsletter/check-your-inbox/",
        "ask for own data": "/newsletter/data/",
    }


LINKS = [
    *("confirm", "unsubscribe", "delete", "preferences", "another address", "move", "own data"),
    *("ended", "check your inbox", "ask for own data"),
]


def what_is_known():
    return [
        list(model.objects.order_by("pk").values()) for model in (Subscriber, Move, ConsentEvent)
    ]


@pytest.mark.parametrize("name", LINKS)
def test_opening_a_link_presses_no_button(open_page, links, name):
    before = what_is_known()
    page = open_page(links[name])
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.reload(wait_until="networkidle")
    assert {request.method for request in requests} == {"GET"}
    assert {urlsplit(request.url).netloc for request in requests} == {urlsplit(page.url).netloc}
    assert what_is_known() == before


@pytest.mark.parametrize("name", LINKS)
def test_nobody_is_shut_out_and_nothing_cut_off(open_page, axe_script, links, name):
    page = open_page(links[name], bypass_csp=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(axe_script)
        assert page.evaluate(AXE) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) <= 0, width
        assert page.evaluate(SMALL_TARGETS) == [], width


def test_by_keyboard_alone_and_without_scripts_a_reader_leaves_and_returns(open_page, links):
    page = open_page(links["unsubscribe"], java_script_enabled=False)
    press(page, "Unsubscribe")
    assert page.get_by_role("heading", level=1).inner_text() == "You get no more mail."
    press(page, "Undo")
    assert page.get_by_role("heading", level=1).inner_text() == "You’re in."
    assert Subscriber.objects.get(email="browsing@example.org").is_confirmed


def press(page, words):
    """Tab to the button and press it."""
    button = page.get_by_role("button", name=words)
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
