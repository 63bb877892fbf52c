"""What whoever watches the process is told."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client


@pytest.fixture(params=["/healthz", "/readyz"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.django_db
def test_they_answer_by_any_name_and_over_http(client: Client, settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(path, headers={"Host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.head(path).status_code == 200


def test_a_living_process_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_missing_cache_is_named(client: Client, settings, tmp_path) -> None:
    settings.CACHE_URL = f"unix://{tmp_path}/nobody.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text == "missing: cache\n"


@pytest.mark.django_db(transaction=True)
def test_a_missing_database_is_named(client: Client, monkeypatch, tmp_path) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    answer = client.get("/readyz")
    connection.close()
    assert answer.status_code == 503
    assert answer.text == "missing: database\n"


@pytest.mark.django_db
def test_posts_are_refused(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert settings.SECURE_REDIRECT_EXEMPT
