"""docker-compose.yml: its commands run for real, without Docker, on the tests' own servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from django.conf import settings

from tests.test_house import PRODUCTION
from tests.waiting import until
from verdicts.demo.run import listener, port_of
from verdicts.embedded import servers
from verdicts.environment import BASE_DIR

COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
GIVEN = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")


@contextmanager
def running(service: str, *more: str, **replaced: str) -> Iterator[subprocess.Popen[str]]:
    """The service's own command, and `more`, in production on the tests' servers."""
    command = [replaced.get(word, word) for word in COMPOSE["services"][service]["command"]]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        [*command, *more],
        cwd=BASE_DIR,
        env=os.environ
        | PRODUCTION
        | {
            "PATH": programs,
            "DATABASE_URL": settings.DATABASE_URL,
            "REDIS_URL": settings.REDIS_URL,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def says(process: subprocess.Popen[str], words: str) -> bool:
    assert process.stdout
    return any(words in line for line in process.stdout)


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except URLError:
        return False


@pytest.mark.slow
def test_the_database_is_migrated():
    with running("migrate") as process:
        assert process.wait(timeout=120) == 0


@pytest.mark.slow
def test_the_site_is_ready_to_serve():
    with listener("127.0.0.1", 0) as free:
        port = str(port_of(free))
    with running("web", "--port", port, **{"0.0.0.0": "127.0.0.1"}):
        until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the site to be ready")


@pytest.mark.slow
@pytest.mark.parametrize(("service", "word"), [("worker", "ready."), ("beat", "beat: Starting...")])
def test_jobs_are_worked_on(service, word, tmp_path):
    with running(service, **{"/tmp/beat": str(tmp_path / "beat")}) as process:
        assert says(process, word)


def test_every_setting_of_production_is_given_and_no_secret_is_written_down():
    given = COMPOSE["services"]["web"]["environment"]
    assert PRODUCTION.keys() <= given.keys()
    for name in ("SECRET_KEY", "VOTER_KEY", "EMAIL_KEY", "PUBLISHER_ADDRESS"):
        assert given[name].startswith(f"${{{name}:?")


@pytest.mark.parametrize("service", COMPOSE["services"].keys())
def test_nothing_is_published_beyond_this_machine(service):
    for port in COMPOSE["services"][service].get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_the_database_has_the_options_of_the_embedded_one():
    options = {word.removeprefix("--") for word in COMPOSE["services"]["postgres"]["command"][1:]}
    sized_by_the_machine = {"shared_buffers=1GB"}
    assert options - sized_by_the_machine < {
        f"{name}={value}" for name, value in servers.POSTGRES_OPTIONS.items()
    }


def test_the_image_is_not_root_and_holds_no_secret():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    assert re.findall(r"^USER (\w+)$", dockerfile, re.MULTILINE) == ["verdicts"]
    assert {".env", "var"} <= {*(BASE_DIR / ".dockerignore").read_text().split()}


def test_settings_given_to_compose_are_explained():
    example = (BASE_DIR / ".env.example").read_text()
    named = {*GIVEN.findall((BASE_DIR / "docker-compose.yml").read_text())} - {"POSTGRES_PASSWORD"}
    assert all(f"# {name}=" in example for name in named)
