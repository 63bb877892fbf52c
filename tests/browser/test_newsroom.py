"""A day in the newsroom, in a real browser: written, looked at, scheduled, changed, corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.factories import make_panel, make_price, make_tool
from tools.models import Comparison, Tool
from verdicts.desk.roles import create_roles

PASSWORD = "a long enough password"
TEXT = "It keeps its promises within the limits that its own documents set, word by word. " * 5


@pytest.fixture
def sign_in(open_page: Callable[..., Page], settings: Settings) -> Callable[[str], Page]:
    """The desk as a colleague of that role sees it."""
    settings.EDITORIAL_TWO_PERSON = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    create_roles()
    for role in ("writer", "editor"):
        user = User.objects.create_user(role, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))

    def signed_in(role: str) -> Page:
        page = open_page("/admin/", width=1280)
        page.fill("#id_username", role)
        page.fill("#id_password", PASSWORD)
        page.click("text=Log in")
        expect(page.locator(".desk-blocks")).to_be_visible()
        return page

    return signed_in


def test_a_day_in_the_newsroom(sign_in: Callable[[str], Page], open_page: Callable[..., Page]):
    rival = make_tool("newsroom-rival", name="Rival")
    long_ago = timezone.localdate() - dt.timedelta(days=20)
    make_panel(rival, ships=1, written_on=long_ago)
    make_price(rival, "10", label="Team", unit="per month", source=None, effective_on=long_ago)
    writer, editor, reader = sign_in("writer"), sign_in("editor"), open_page("/")

    a_writer_adds_a_tool(writer)
    draft = a_writer_drafts_a_comparison(writer)
    preview = the_preview_is_shared(writer, reader)
    an_editor_asks_for_a_change(editor, draft)
    the_writer_makes_it(writer, draft)
    the_tool_is_published(editor)
    an_editor_schedules_it(editor, draft)
    it_appears_at_its_minute(reader, preview)
    a_price_changes(editor, rival)
    the_desk_calls_the_verdict_older_than_the_price(editor, rival)
    a_correction_is_published(editor, reader, rival)
    the_history_tells_all_of_it(editor, rival, draft)
    a_writer_is_refused(writer, draft)


def choose(page: Page, field: str, words: str) -> None:
    """One of the admin's search boxes."""
    page.click(f"#id_{field} + .select2")
    page.locator(".select2-search__field").last.fill(words)
    page.click(f".select2-results__option--highlighted:has-text('{words}')")


def save(page: Page, button: str = "Save") -> None:
    page.locator(f"input[value='{button}']").last.click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def a_writer_adds_a_tool(page: Page) -> None:
    page.goto("/admin/tools/tool/add/")
    page.locator("#id_name").press_sequentially("Newsroom")
    assert page.input_value("#id_slug") == "newsroom"
    choose(page, "category", "Developer tools")
    for field, words in {
        "maker": "Corvid",
        "tagline": "Writes down what happens",
        "description": "It writes down what happens, by the day.",
        "entry_price": "$12/month",
    }.items():
        page.fill(f"#id_{field}", words)
    page.select_option("#id_entry_kind", "subscription")
    for field, words in {
        "label": "Team",
        "amount": "12",
        "currency": "USD",
        "unit": "per month",
    }.items():
        page.fill(f"#id_price_points-0-{field}", words)
    for place in range(4):
        page.select_option(f"#id_reviews-{place}-verdict", "ship")
        page.fill(f"#id_reviews-{place}-text", f"{TEXT} Number {place}.")
    page.locator("#id_reviews-0-text").blur()
    expect(page.locator(".desk-hint").first).to_contain_text("no five words in a row")
    expect(page.locator(".desk-count").last).to_contain_text("words")
    save(page, "Save and ask for a second pair of eyes")


def a_writer_drafts_a_comparison(page: Page) -> str:
    page.goto("/admin/tools/comparison/add/")
    choose(page, "first", "Newsroom")
    choose(page, "second", "Rival")
    expect(page.locator("#as-published")).to_contain_text("Ship Newsroom.")
    page.fill("#id_headline", "Ship Newsroom, if the day is long.")
    assert page.locator("#id_publish_at_0").count() == 0, "a writer schedules nothing"
    save(page, "Save and continue editing")
    return urlsplit(page.url).path


def the_preview_is_shared(page: Page, reader: Page) -> str:
    address = page.get_by_role("link", name="Preview").get_attribute("href")
    assert address
    reader.goto(address)
    expect(reader.locator("h1")).to_contain_text("Newsroom")
    expect(reader.locator("main")).to_contain_text("if the day is long")
    assert reader.locator("meta[name=robots]").get_attribute("content") == "noindex"
    save(page, "Save and ask for a second pair of eyes")
    return address


def an_editor_asks_for_a_change(page: Page, draft: str) -> None:
    page.goto("/admin/")
    page.locator(".desk-block", has_text="Waiting for a second").get_by_text("Newsroom vs").click()
    page.get_by_role("link", name="hand it back").click()
    page.fill("textarea", "Say for whom.")
    save(page, "Hand back")


def the_writer_makes_it(page: Page, draft: str) -> None:
    page.goto("/admin/")
    expect(page.locator(".desk-blocks")).to_contain_text("Say for whom.")
    page.goto(draft)
    expect(page.locator(".desk-note")).to_contain_text("Say for whom.")
    page.fill("#id_headline", "Ship Newsroom to editors, if the day is long.")
    save(page, "Save and ask for a second pair of eyes")


def the_tool_is_published(page: Page) -> None:
    page.goto(f"/admin/tools/tool/{Tool.objects.get(slug='newsroom').pk}/change/")
    page.check("#id_is_published")
    save(page)


def an_editor_schedules_it(page: Page, draft: str) -> None:
    page.goto(draft)
    at = timezone.now() + dt.timedelta(seconds=4)
    page.fill("#id_publish_at_0", f"{at:%Y-%m-%d}")
    page.fill("#id_publish_at_1", f"{at:%H:%M:%S}")
    save(page)


def it_appears_at_its_minute(page: Page, preview: str) -> None:
    """Nothing runs: the hour is read with the page."""
    address = "/compare/newsroom-vs-newsroom-rival/"
    published = page.locator("main", has_text="to editors, if the day is long")
    page.goto(address)
    assert not published.count(), "not before"
    for _ in range(40):
        page.wait_for_timeout(250)
        page.goto(address)
        if published.count():
            break
    expect(published).to_be_visible()
    assert not page.locator("meta[name=robots]").count()


def a_price_changes(page: Page, rival: Tool) -> None:
    page.goto(f"/admin/tools/tool/{rival.pk}/change/")
    page.fill("#id_price_points-0-amount", "15")
    page.fill("#id_price_points-0-note", "Announced in the changelog.")
    save(page)
    assert rival.price_points.count() == 2


def the_desk_calls_the_verdict_older_than_the_price(page: Page, rival: Tool) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Price changed since the verdict").click()
    expect(page.locator("#result_list")).to_contain_text("Rival")


def a_correction_is_published(page: Page, reader: Page, rival: Tool) -> None:
    page.goto("/admin/tools/correction/add/")
    choose(page, "tool", "Rival")
    page.fill("#id_wrong", "Rival is free.")
    page.fill("#id_since_on", "2026-10-01")
    page.fill("#id_right", "Rival costs from $10 a month.")
    page.click("text=Today >> nth=1")
    page.click("text=Now")
    save(page)
    for address in ("/corrections/", "/compare/newsroom-vs-newsroom-rival/"):
        reader.goto(address)
        expect(reader.locator("main")).to_contain_text("Rival costs from $10 a month.")


def the_history_tells_all_of_it(page: Page, rival: Tool, draft: str) -> None:
    page.goto(f"/admin/tools/tool/{rival.pk}/history/")
    happened = page.locator("#content-main")
    for words in ("$15", "Announced in the changelog.", "Rival costs from $10 a month.", "editor"):
        expect(happened).to_contain_text(words)
    page.goto(draft.replace("change", "history"))
    for words in ("Say for whom.", "to editors", "Publish at", "writer", "editor"):
        expect(page.locator("#content-main")).to_contain_text(words)


def a_writer_is_refused(page: Page, draft: str) -> None:
    page.goto(draft)
    assert not page.locator("input[type=submit][value=Save]").count()
    answer = page.goto("/admin/newsletter/subscriber/")
    assert answer
    assert answer.status == 403
    assert Comparison.objects.filter(headline__contains="to editors").count() == 1
