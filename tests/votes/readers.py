"""Readers who vote over the wire: each one a browser with its own cookies and its own network."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.test import Client

from tests.factories import NOW

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
                fields,
                headers=({"HX-Request": "true"} if htmx else {})
                | {"Sec-Fetch-Site": "same-origin"}
                | (headers or {}),
            )


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
