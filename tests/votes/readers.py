"""Readers who vote over the wire: each one a browser with its own cookies and its own network."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from tests.factories import NOW
from tools.models import Tool
from votes.voters import Voter, form_token, remember

# Slower than VOTES_FAST_MILLISECONDS: a person who reads the form first.
READING = dt.timedelta(seconds=4)


class Reader(Client):
    """`press` does what a browser with htmx does: fetch the form, then send it."""

    def __init__(self, address: str = "203.0.113.7", agent: str = "Reader/1.0") -> None:
        super().__init__(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)

    def fresh_token(self, path: str) -> str:
        return token_in(self.get(path))

    def press(self, path: str, choice: str, *, now: dt.datetime = NOW, htmx=True, **extra):
        fields = {"choice": choice}
        if "voter" not in self.cookies:
            with clock(now - READING):
                fields["token"] = self.fresh_token(path)
        return self.send(path, fields | extra, now=now, htmx=htmx)

    def send(
        self, path: str, fields: dict[str, str], *, now: dt.datetime = NOW, htmx=True, headers=None
    ):
        with clock(now):
            return self.post(
                path,
                urlencode(fields),
                content_type="application/x-www-form-urlencoded",
                headers=({"HX-Request": "true"} if htmx else {})
                | {"Sec-Fetch-Site": "same-origin"}
                | (headers or {}),
            )


def strangers(
    tool: Tool,
    moments: Iterable[dt.datetime],
    *,
    choice: str = "ship",
    cookies_age: dt.timedelta | None = None,
) -> Iterator[HttpResponse]:
    """At each moment, from one address, the press of a browser that has not voted on the tool.

    Each has a fresh form of its own, or a cookie of that age.
    """
    browser = Reader()
    for moment in moments:
        browser.cookies.clear()
        fields = {"choice": choice}
        if cookies_age is None:
            fields["token"] = form_token(f"tool {tool.slug}", now=moment - READING)
        else:
            browser.cookies = cookies_of(Voter(seed=uuid.uuid4(), since=moment - cookies_age))
        yield browser.send(vote_path(tool), fields, now=moment)


def cookies_of(voter: Voter) -> SimpleCookie:
    """As the voter's browser keeps them."""
    response = HttpResponse()
    remember(response, voter)
    return response.cookies


def looks(response: HttpResponse) -> tuple[Any, ...]:
    """All that a reader gets to see of an answer; of a cookie all but its value and its hour."""
    cookies = [
        (name, len(cookie.value), sorted(cookie.items() - {("expires", cookie["expires"])}))
        for name, cookie in response.cookies.items()
    ]
    return response.status_code, sorted(response.items()), cookies, response.content


def token_in(response: Any) -> str:
    token: str
    [token] = re.findall(r'name="token" value="([^"]+)"', response.content.decode())
    return token


@contextmanager
def clock(now: dt.datetime):
    """Views ask the time once; here they are told."""
    with patch("django.utils.timezone.now", return_value=now):
        yield


def vote_path(tool) -> str:
    return f"/tools/{tool.slug}/vote/"


def pick_path(first, second) -> str:
    return f"/compare/{first.slug}-vs-{second.slug}/pick/"
