"""What every test may rely on."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("verdicts", deadline=None)
settings.load_profile("verdicts")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """The browser of the machine; none is downloaded."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return Path(found) if found else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are skipped on a laptop, and fail where CI=true."""
    if chromium() or os.environ.get("CI") == "true":
        return
    no_browser = pytest.mark.skip(reason="needs Chromium: apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(no_browser)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    path = chromium()
    assert path, "CI must have Chromium installed for the browser tests"
    return path
