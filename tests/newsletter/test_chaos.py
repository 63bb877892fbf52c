"""Real processes: killed, frozen and told to end, while Postgres and the relay fail.

The full run is `uv run python -m tests.newsletter.chaos`.
"""

import json
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.db import connection

from newsletter.models import Delivery
from tests.newsletter.chaos import CODE, run_chaos, stop_watching

pytestmark = pytest.mark.slow
State = Delivery.State
# Long enough for a loaded machine; nothing waits for it to pass.
PATIENCE = 60


@pytest.fixture(autouse=True)
def db(committed_db):
    """Commits are real here; the name tells pytest-django that a database is needed."""


@pytest.fixture
def chaos(tmp_path):
    yield lambda **options: run_chaos(tmp_path, **options)
    stop_watching()


def test_killed_workers_send_nothing_twice_and_lose_nothing_unknown(chaos):
    outcome = chaos(readers=600, kills=8, policy="hold")
    assert outcome.is_done
    assert outcome.broken == 0
    assert outcome.duplicates == 0
    assert outcome.lost_unknown == 0
    faults = 4  # 600 readers of whom 0.1 % are met by silence, and a hash that is not quite fair
    assert outcome.ambiguous <= outcome.kills + faults


def test_with_a_relay_that_drops_known_keys_nothing_is_missing_either(chaos):
    outcome = chaos(readers=600, kills=8, policy="idempotent")
    assert outcome.is_done
    assert outcome.duplicates == 0
    assert outcome.lost == 0


@contextmanager
def worker(issue, sink, **settings):
    """One sending process, ended with the block."""
    options = {
        "database": connection.settings_dict["NAME"],
        "settings": {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": sink.port} | settings,
        "issue": issue.pk,
        "workers": 1,
        "kills": 0,
        "every": 1,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.newsletter.crew", json.dumps(options)],
        cwd=CODE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.stdout.close()
        process.terminate()
        process.wait(timeout=PATIENCE)


def until(is_so, words):
    over = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < over, f"waited in vain for {words}"
        time.sleep(0.02)


def child_of(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
        [pid] = children.read().split()
    return int(pid)
