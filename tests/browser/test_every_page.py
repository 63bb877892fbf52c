"""What holds on every page: nobody is shut out, nothing is cut off, the markup is sound."""

from __future__ import annotations

import json
import subprocess

import pytest
from django.test import Client

from tests.browser.pages import PAGES

WIDTHS = (1440, 820, 390, 320)
# axe's own tags; best practices are kept too.
AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 160))]);
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll("button, nav a, .listing a, .index a")]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def window(browser, site):
    """One window for all pages, so that their style sheets are fetched once."""
    context = browser.new_context(base_url=site)
    yield context.new_page()
    context.close()


def resize(window, width):
    window.set_viewport_size({"width": width, "height": 900})


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_either_scheme(window, axe_script, name):
    for width, scheme in ((1440, "light"), (390, "dark")):
        resize(window, width)
        window.emulate_media(color_scheme=scheme)
        window.goto(PAGES[name])
        window.evaluate(axe_script)

        assert window.evaluate(AXE) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off(window, name):
    """At four widths, with text twice as large, mirrored; and thumbs hit what they press."""
    window.goto(PAGES[name])
    for width in WIDTHS:
        resize(window, width)
        assert window.evaluate(TOO_WIDE) <= 0, width
        assert window.evaluate(SMALL_TARGETS) == [], width

    window.evaluate("document.documentElement.dir = 'rtl'")
    for width in (390, 1440):
        resize(window, width)
        assert window.evaluate(TOO_WIDE) <= 0, f"mirrored, {width}"

    resize(window, 640)
    window.evaluate("document.documentElement.style.fontSize = '200%'")
    assert window.evaluate(TOO_WIDE) <= 0, "large text"


@pytest.mark.usefixtures("site")
def test_the_markup_is_sound(html_checker, tmp_path):
    for number, address in enumerate(PAGES.values()):
        (tmp_path / f"{number}.html").write_bytes(Client().get(address).content)

    told = subprocess.run(
        [*html_checker, *map(str, sorted(tmp_path.glob("*.html")))],
        capture_output=True,
        text=True,
        check=False,
    )

    problems = [
        (list(PAGES)[int(found["url"].rsplit("/", 1)[1].removesuffix(".html"))], found["message"])
        for found in json.loads(told.stderr)["messages"]
    ]
    assert problems == []
