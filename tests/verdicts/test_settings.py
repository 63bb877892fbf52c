"""Settings: good ones start the site, others stop it with lines that say which and how."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.test_house import PRODUCTION
from verdicts.environment import BASE_DIR

SHOW = """
import json, sys
from verdicts import settings
print(json.dumps([getattr(settings, name) for name in sys.argv[1:]]))
"""


def start(*shown: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings from nothing but this environment."""
    return subprocess.run(
        [sys.executable, "-c", SHOW, *shown],
        cwd=BASE_DIR,
        env={"ENV_FILE": os.devnull, "VAR_DIR": os.environ["VAR_DIR"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def read(name: str, **environment: str) -> object:
    started = start(name, **environment)
    assert started.returncode == 0, started.stderr
    [value] = json.loads(started.stdout)
    return value


def test_a_laptop_needs_no_setting():
    assert read("IS_PRODUCTION") is False


def test_the_documented_production_settings_start():
    assert read("IS_PRODUCTION", **PRODUCTION) is True


def test_a_blank_setting_is_a_missing_one():
    assert read("TIME_ZONE", TIME_ZONE=" ", DATABASE_URL="") == "UTC"


@pytest.mark.parametrize("name", PRODUCTION.keys() - {"DATABASE_URL"})
def test_production_names_the_setting_that_is_missing(name):
    started = start(**(PRODUCTION | {name: ""}))
    assert started.returncode == 1
    assert f"{name} is not set." in started.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://verdicts@db/verdicts"),
        ("DATABASE_URL", "postgres://verdicts@db:5432/"),
        ("DATABASE_URL", "db"),
        ("REDIS_URL", "redis://valkey:99999/0"),
        ("CACHE_URL", "memcached://cache"),
        ("SECRET_KEY", "too short"),
        ("VOTER_KEY", "a" * 80),
        ("EMAIL_KEY", PRODUCTION["VOTER_KEY"]),
        ("SITE_URL", "verdicts.example"),
        ("SITE_URL", "https://verdicts.example/blog"),
        ("ALLOWED_HOSTS", "https://verdicts.example"),
        ("ALLOWED_HOSTS", "other.example"),
        ("TRUSTED_PROXIES", "-1"),
        ("EMAIL_URL", "mail.example:587"),
        ("DEFAULT_FROM_EMAIL", "Verdicts"),
        ("NEWSLETTER_WEEKDAY", "someday"),
        ("NEWSLETTER_HOUR", "24"),
        ("NEWSLETTER_CONNECTIONS", "0"),
        ("NEWSLETTER_AMBIGUOUS", "perhaps"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("VOTES_RELEASE_SHARE", "1.5"),
        ("VOTES_NETWORK_BURST", "many"),
        ("STAFF_TWO_FACTOR", "maybe"),
        ("SENTRY_DSN", "sentry"),
    ],
)
def test_a_senseless_value_stops_the_start_and_is_named(name, value):
    started = start(**(PRODUCTION | {name: value}))
    assert started.returncode == 1
    assert re.search(rf"^  {name}\b", started.stderr, re.MULTILINE)
    assert "Traceback" not in started.stderr


def test_everything_wrong_is_told_at_once_and_no_password_with_it():
    started = start(
        **(PRODUCTION | {"SITE_URL": "?", "TIME_ZONE": "?", "EMAIL_URL": "http://me:hunter2@x"})
    )
    for name in ("SITE_URL", "TIME_ZONE", "EMAIL_URL"):
        assert name in started.stderr
    assert "hunter2" not in started.stderr


def test_https_decides_the_cookies():
    assert read("SESSION_COOKIE_SECURE", **PRODUCTION) is True
    assert (
        read("SECURE_HSTS_SECONDS", **(PRODUCTION | {"SITE_URL": "http://verdicts.example"})) == 0
    )


def test_forwarded_headers_are_believed_only_from_trusted_proxies():
    assert read("SECURE_PROXY_SSL_HEADER", **PRODUCTION) is None
    assert read("SECURE_PROXY_SSL_HEADER", **PRODUCTION, TRUSTED_PROXIES="1") is not None


def test_the_mail_server_is_read_from_its_address():
    address = "smtp://user:p%40ss@mail.example:587/?tls=1"
    shown = start(
        *("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS"), EMAIL_URL=address
    )
    assert json.loads(shown.stdout) == ["mail.example", 587, "p@ss", True]


def test_every_setting_is_explained():
    code = (BASE_DIR / "verdicts" / "settings.py").read_text()
    reader = r"\b(?:text|required|whole_number|fraction|one_of|switch)\(\s*\"([A-Z_]+)\""
    example = (BASE_DIR / ".env.example").read_text()
    assert {*re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)} == {*re.findall(reader, code)}
