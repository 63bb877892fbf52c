"""Where finished pages are kept: near, in this process, and shared, in Valkey."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from verdicts.pagecache.page import Page

# What one process keeps at most.
MOST_PAGES = 500
MOST_BYTES = 32_000_000

# Valkey answers in a fifth of a millisecond; rendering takes ten.
LONGEST_WAIT = 0.05
# Seconds for which a Valkey that failed is not asked again.
SILENCE = 1.0


class NearPages:
    """The pages of the last second in this process, bounded in number and in bytes."""

    def __init__(self) -> None:
        # In the order of their keeping, so that the first one ends first.
        self.pages: dict[str, tuple[float, Page]] = {}
        self.size = 0
        self.lock = Lock()

    def page(self, key: str, *, now: float) -> Page | None:
        kept = self.pages.get(key)
        return kept[1] if kept and now < kept[0] else None

    def keep(self, key: str, page: Page, *, until: float) -> None:
        with self.lock:
            self._drop(key)
            self.pages[key] = until, page
            self.size += page.size
            while len(self.pages) > MOST_PAGES or self.size > MOST_BYTES:
                self._drop(next(iter(self.pages)))

    def _drop(self, key: str) -> None:
        if kept := self.pages.pop(key, None):
            self.size -= kept[1].size


class SharedPages:
    """The pages of all processes; when Valkey is slow or gone there simply are none."""

    def __init__(self, url: str, *, clock: Callable[[], float]) -> None:
        self.valkey: redis.Redis = redis.Redis.from_url(
            url,
            socket_timeout=LONGEST_WAIT,
            socket_connect_timeout=LONGEST_WAIT,
            retry=Retry(NoBackoff(), 0),
        )
        self.clock = clock
        self.silent_until = 0.0

    def page(self, key: str) -> tuple[Page, float] | None:
        """The page, and the seconds that it has left."""
        name = name_of(key)
        answers = self._ask(lambda pipe: pipe.hgetall(name).pttl(name))
        kept, milliseconds = answers or [{}, 0]
        if not kept or milliseconds <= 0:
            return None
        headers = [(header, value) for header, value in json.loads(kept.pop(b"headers"))]
        bodies = {encoding.decode(): body for encoding, body in kept.items()}
        return Page.of(headers, bodies), milliseconds / 1000

    def keep(self, key: str, page: Page, *, seconds: float) -> None:
        name = name_of(key)
        fields = {"headers": json.dumps(page.headers), **page.bodies}
        life = max(1, int(seconds * 1000))
        self._ask(lambda pipe: pipe.delete(name).hset(name, mapping=fields).pexpire(name, life))

    def claim(self, key: str, *, seconds: float) -> bool:
        """Whether this process is the one that renders the page anew."""
        name = f"{name_of(key)}:claim"
        answers = self._ask(lambda pipe: pipe.set(name, 1, nx=True, px=int(seconds * 1000)))
        return bool(answers and answers[0])

    def _ask(self, commands: Callable[[Any], Any]) -> list[Any] | None:
        """The answers of one trip, all or none; no answers are followed by a moment of silence."""
        if self.clock() < self.silent_until:
            return None
        try:
            with self.valkey.pipeline() as pipe:
                commands(pipe)
                return list(pipe.execute())
        except redis.RedisError:
            self.silent_until = self.clock() + SILENCE
            return None


def name_of(key: str) -> str:
    return f"verdicts:page:{blake2b(key.encode(), digest_size=16).hexdigest()}"
