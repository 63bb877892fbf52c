"""Finished pages, answered before Django is entered, for readers who brought no cookie.

A view opts in with `sharing.public_page`, which says so in the Cache-Control header; nothing
else is kept. Nobody has to invalidate anything: after FRESH seconds one process renders a page
again while the others go on serving the old bytes, and nobody serves data older than LIFE. So a
vote or an edit shows everywhere within five seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from verdicts.pagecache.kept import NearPages, SharedPages
from verdicts.pagecache.page import Page, StartResponse
from verdicts.pagecache.sharing import Environ, Shared, is_for_everyone, shared

# Seconds of a page's life, counted from the moment at which its rendering began.
FRESH = 2.0  # from here on one process renders it again
LIFE = 4.0  # from here on nobody serves it
NEAR = 1.0  # how long a process serves its own copy without asking Valkey
CLAIM = 1.0  # how long one process may take to render before another one tries

LARGEST_PAGE = 1_000_000

Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class PageCache:
    """A WSGI application: answers with what is kept, and lets `application` render the rest."""

    def __init__(
        self, application: Application, *, url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.application = application
        self.clock = clock
        self.near = NearPages()
        self.shared = SharedPages(url, clock=clock)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        wanted = shared(environ)
        if wanted is None:
            return self.application(environ, start_response)
        page = self.near.page(wanted.key, now=self.clock()) or self._fetched(wanted.key)
        if page is None:
            return self._rendered(wanted, environ, start_response)
        return page.answer(environ, start_response)

    def _fetched(self, key: str) -> Page | None:
        """The page from Valkey, unless there is none or it is this process's turn to render it."""
        asked_at = self.clock()
        kept = self.shared.page(key)
        if kept is None:
            return None
        page, seconds = kept
        if seconds <= LIFE - FRESH and self.shared.claim(key, seconds=CLAIM):
            return None
        self.near.keep(key, page, until=asked_at + min(NEAR, seconds))
        return page

    def _rendered(
        self, wanted: Shared, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        began_at = self.clock()
        answered: list[Any] = []
        # Rendered whole whether a GET or a HEAD asked, and without the marks in the query.
        body = self.application(
            environ | {"REQUEST_METHOD": "GET", "QUERY_STRING": wanted.query},
            lambda status, headers, exc_info=None: answered.extend((status, headers)),
        )
        status, headers = answered
        if not is_for_everyone(status, headers):
            start_response(status, headers)
            return body
        page = Page.rendered(headers, whole(body))
        seconds = LIFE - (self.clock() - began_at)
        if page.size <= LARGEST_PAGE and seconds > 0:
            self.shared.keep(wanted.key, page, seconds=seconds)
            self.near.keep(wanted.key, page, until=began_at + NEAR)
        return page.answer(environ, start_response)


def whole(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        if close := getattr(body, "close", None):
            close()
