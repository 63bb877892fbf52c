"""Servers of the test run's own, started before Django reads its settings.

A pytest plugin, named in pyproject.toml: a conftest.py would be read too late. The servers live in
a temporary folder that their keeper removes with them, however the run ends.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from verdicts import embedded

CODE = Path(__file__).resolve().parent.parent
OWN_SERVERS = {"DATABASE_URL", "REDIS_URL"}


def forget_the_environment() -> None:
    """A developer's settings decide nothing in the tests, except which servers to use."""
    os.environ["ENV_FILE"] = os.devnull
    documented = re.findall(r"^#? ?([A-Z_]+)=", (CODE / ".env.example").read_text(), re.MULTILINE)
    for name in {*documented} - OWN_SERVERS:
        os.environ.pop(name, None)


def use_given_servers() -> tempfile.TemporaryDirectory[str]:
    """DATABASE_URL makes it a production set-up, which names everything."""
    folder = tempfile.TemporaryDirectory(prefix="verdicts-tests-")
    os.environ.update(
        embedded.secrets(Path(folder.name)),
        VAR_DIR=folder.name,
        SITE_URL="http://127.0.0.1:8000",
        ALLOWED_HOSTS="127.0.0.1,localhost",
        EMAIL_URL="smtp://127.0.0.1:8025",
        DEFAULT_FROM_EMAIL="Verdicts <letter@verdicts.example>",
        PUBLISHER_NAME="The publisher",
        PUBLISHER_ADDRESS="1 Example Street",
        EDITORIAL_TWO_PERSON="off",
        STAFF_TWO_FACTOR="off",
    )
    return folder


def use_own_servers() -> embedded.Lease:
    folder = Path(tempfile.mkdtemp(prefix="verdicts-tests-"))
    if os.geteuid() == 0:
        # The servers' unprivileged account must reach its files in there.
        folder.chmod(0o711)
    os.environ["VAR_DIR"] = str(folder)
    return embedded.attach(folder, temporary=True)


def separate_the_worker(worker: str) -> None:
    """One Valkey database for each process; pytest-django does so for Postgres."""
    number = int(worker.removeprefix("gw")) + 1
    redis_url = embedded.addresses(Path(os.environ["VAR_DIR"])).redis_url
    os.environ["REDIS_URL"] = redis_url.replace("?db=0", f"?db={number}")


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for the whole suite; a few named tests are quicker, and debugged, in one process."""
    return 0 if config.args_source is pytest.Config.ArgsSource.ARGS else 2


worker = os.environ.get("PYTEST_XDIST_WORKER")
if not worker:
    forget_the_environment()
if "DATABASE_URL" in os.environ:
    if not worker:
        folder = use_given_servers()
elif worker:
    separate_the_worker(worker)
else:
    lease = use_own_servers()
