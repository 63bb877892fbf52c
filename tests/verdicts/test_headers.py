"""What every answer says of itself, whatever gave it."""

from __future__ import annotations

import pytest
from django.test import Client

SECURITY = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/admin/login/", "/healthz"])
def test_every_answer_is_guarded(client: Client, path: str) -> None:
    headers = client.get(path).headers
    for name, value in SECURITY.items():
        assert headers[name].startswith(value) or value in headers[name], name


def test_scripts_styles_and_forms_are_our_own(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere/", 404), ("/healthz?", 200), ("/admin/login/", 200)]
)
def test_what_is_not_for_everyone_is_not_stored(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "no-store" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]


def test_a_page_is_for_everyone(client: Client) -> None:
    answer = client.get("/")
    assert answer.headers["Cache-Control"] == "max-age=0, public, must-revalidate"
    assert "Vary" not in answer.headers
    assert not answer.cookies


@pytest.mark.parametrize("cookie", ["voter", "verdicts_desk"])
def test_a_page_for_one_reader_is_stored_nowhere(client: Client, cookie: str) -> None:
    client.cookies[cookie] = "x"
    assert client.get("/").headers["Cache-Control"] == "private, no-store"


def test_an_answer_that_sets_a_cookie_is_stored_nowhere(client: Client) -> None:
    client.cookies["verdicts_desk_form"] = "edited"
    answer = client.get("/")
    assert answer.cookies
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_fragment_is_stored_nowhere(client: Client) -> None:
    answer = client.get("/", headers={"HX-Request": "true"})
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_wrong_host_gets_an_error_that_is_not_stored(client: Client) -> None:
    answer = client.get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post("/", "a" * 3_000_000, content_type="text/plain")
    assert answer.status_code == 413
    assert "too much at once" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_http_is_sent_to_https_where_the_site_is(client: Client, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert client.get("/").headers["Location"] == "https://testserver/"
    assert "max-age=31536000" in client.get("/", secure=True).headers["Strict-Transport-Security"]
