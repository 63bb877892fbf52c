"""A real browser on a real server with every state of every page.

The site lives in one transaction that is never committed: the server's threads use the
connection of the test. It is filled once a module.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction
from django.test.testcases import LiveServerThread
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from tests.verdicts.invented import show_every_state

# Playwright keeps an event loop in this thread; Django would take our own queries for a mistake.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
NODE_MODULES = HERE / "node_modules"
HOW_TO_GET_THEM = "npm ci --prefix tests/browser"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marked before pytest-django puts tests in order: those that empty the tables come last."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def _django_db_helper() -> None:
    """The site's own transaction, a module long, stands in for pytest-django's, a test long."""


class SharingServer(ThreadedWSGIServer):
    """Leaves the shared connection open after a request."""

    def _close_connections(self) -> None:
        pass


class SharingServerThread(LiveServerThread):
    server_class = SharingServer


@contextmanager
def kept_open() -> Iterator[None]:
    """A request neither opens nor ends a connection's life."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of a running site that shows every state."""
    with django_db_blocker.unblock(), transaction.atomic():
        show_every_state(now=timezone.now())
        # The very connection, which the server's threads take for theirs; not the proxy to it.
        connection = connections["default"]
        connection.inc_thread_sharing()
        server = SharingServerThread(
            "127.0.0.1", StaticFilesHandler, connections_override={"default": connection}
        )
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        with kept_open():
            yield f"http://127.0.0.1:{server.port}"
        transaction.set_rollback(True)
        server.terminate()
        connection.dec_thread_sharing()


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium_path), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens an address in a window of its own; anything its console complains of fails."""
    contexts = []
    complaints: list[str] = []

    def opened(address: str, *, width: int = 1440, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=site, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: _complain(complaints, said.type, said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def _complain(complaints: list[str], kind: str, text: str) -> None:
    # A status that a test asked for is said by the browser, and no fault of the page.
    if kind == "error" and "the server responded with a status of" not in text:
        complaints.append(text)


def checker(path: str) -> Path:
    """A checker from the npm registry; missing ones fail in CI and are skipped on a laptop."""
    found = NODE_MODULES / path
    if not found.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have {path}: {HOW_TO_GET_THEM}")
        pytest.skip(f"needs {path}: {HOW_TO_GET_THEM}")
    return found


@pytest.fixture(scope="session")
def axe_script() -> str:
    return checker("axe-core/axe.min.js").read_text()


@pytest.fixture(scope="session")
def html_checker() -> list[str]:
    """The command that checks HTML files by the standard."""
    jar = checker("vnu-jar/build/dist/vnu.jar")
    if not shutil.which("java"):
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have Java: apt-get install default-jre-headless")
        pytest.skip("needs Java: apt-get install default-jre-headless")
    return ["java", "-jar", str(jar), "--errors-only", "--format", "json"]
