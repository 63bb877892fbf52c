"""The rules of the house, held by their tools in every test run."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import format, pin
from verdicts.environment import BASE_DIR

PYTHON_FILES = sorted(
    str(path.relative_to(BASE_DIR))
    for room in ("verdicts", "newsletter", "reviews", "votes", "tools", "tests", "scripts")
    for path in (BASE_DIR / room).rglob("*.py")
    if "migrations" not in path.parts
)
PRODUCTION = {
    "DATABASE_URL": "postgres://verdicts:secret@db:5432/verdicts",
    "REDIS_URL": "redis://valkey:6379/0",
    "SECRET_KEY": "production-rehearsal-" * 4 + "0123456789abcdef",
    "VOTER_KEY": "voter-rehearsal-" * 4,
    "EMAIL_KEY": "email-rehearsal-" * 4,
    "SITE_URL": "https://verdicts.example",
    "ALLOWED_HOSTS": "verdicts.example",
    "EMAIL_URL": "smtp://user:pass@mail.example:587/?tls=1",
    "DEFAULT_FROM_EMAIL": "Verdicts <letter@verdicts.example>",
    "PUBLISHER_NAME": "Verdicts",
    "PUBLISHER_ADDRESS": "1 Example Street, Exampletown",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command's end, from the top folder, with the virtual environment's programs first."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # The browser tests set it for their own process.
    inherited = {k: v for k, v in os.environ.items() if k != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return subprocess.run(
        command,
        cwd=BASE_DIR,
        env=inherited | {"PATH": programs} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def held(*command: str, **environment: str) -> None:
    """Fails with what the tool says."""
    ended = run(*command, **environment)
    assert ended.returncode == 0, f"{command[0]}:\n{ended.stdout}"


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(command):
    held("ruff", *command, "--quiet", ".")


def test_mypy_is_content():
    held("mypy", ".")


def test_the_code_is_on_current_django_idioms():
    held("django-upgrade", "--target-version", "5.2", "--check", *PYTHON_FILES)


def test_no_migration_is_missing():
    held(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")


def test_the_production_settings_have_nothing_to_warn_of():
    held(
        *(sys.executable, "-W", "error", "manage.py", "check"),
        *("--deploy", "--fail-level", "WARNING"),
        **PRODUCTION,
    )


def test_every_dependency_is_pinned():
    pinned = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["uv"]
    assert pinned["constraint-dependencies"] == pin.resolved(), "run `make pins`"


def test_imports_go_down_only():
    held("lint-imports", "--no-cache")


def test_templates_are_formatted():
    held("djade", "--target-version", "5.2", "--check", *format.OF_DJANGO)
    held("djhtml", "--tabwidth", "2", "--check", *format.TEMPLATES)
