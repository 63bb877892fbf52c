"""Errors are pages of the site, whatever went wrong."""

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from verdicts.errors import say_it_in_words

STATUSES = ["400", "403", "403_csrf", "404", "405", "413", "429", "500"]


@pytest.mark.parametrize("name", STATUSES)
def test_an_error_page_needs_neither_request_nor_database(name):
    html = render_to_string(f"{name}.html")

    assert html.count("<h1>") == 1
    assert '<meta name="robots" content="noindex">' in html
    assert 'rel="canonical"' not in html
    assert "Skip to the message" in html


def test_every_error_says_something_of_its_own():
    headings = {
        render_to_string(f"{name}.html").split("<h1>")[1].split("<")[0] for name in STATUSES
    }

    assert len(headings) == len(STATUSES)


@pytest.mark.django_db
def test_a_failure_shows_the_site_s_own_page(monkeypatch):
    monkeypatch.setattr("verdicts.views.method.ship_rates", lambda **_: 1 / 0)

    response = Client(raise_request_exception=False).get("/reviewers/")

    assert response.status_code == 500
    assert "That one is on us." in response.content.decode()


def test_a_wrong_method_says_so_and_names_the_right_ones(client):
    response = client.post("/method/")

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "This page does not work that way." in response.content.decode()


@pytest.mark.django_db
def test_too_large_a_request_is_told_so(client):
    response = client.post("/newsletter/", {"email": "a" * 3_000_000})

    assert response.status_code == 413
    assert "That was too much at once." in response.content.decode()


def test_a_foreign_host_is_told_that_it_is_not_read(client):
    response = client.get("/method/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize(("status", "words"), [(429, "Rather fast."), (413, "too much at once")])
def test_an_empty_refusal_gets_words_and_keeps_its_headers(status, words):
    refuse = say_it_in_words(
        lambda request: HttpResponse(status=status, headers={"Retry-After": "60"})
    )

    response = refuse(RequestFactory().get("/"))

    assert words in response.content.decode()
    assert response["Retry-After"] == "60"


def test_a_refusal_with_words_of_its_own_keeps_them():
    refuse = say_it_in_words(lambda request: HttpResponse("Slower, please.", status=429))

    assert refuse(RequestFactory().get("/")).content == b"Slower, please."
