"""What is kept, for whom, for how long, and in which form."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
import redis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from tests.factories import make_comparison, make_tool
from verdicts import pagecache
from verdicts.pagecache import PageCache, kept

HOST = "127.0.0.1:8000"
BROTLI = {"HTTP_ACCEPT_ENCODING": "gzip, deflate, br"}
PUBLIC = ("Cache-Control", "max-age=0, public, must-revalidate")

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


class Site:
    """A WSGI application that counts its renderings and prints their number."""

    def __init__(self) -> None:
        self.rendered: list[dict[str, Any]] = []
        self.status = "200 OK"
        self.headers = [PUBLIC, ("X-Frame-Options", "DENY")]
        self.kind = "text/html; charset=utf-8"
        self.text = lambda: f"<p>Number {len(self.rendered)}</p>{' ' * 500}"
        self.is_closed = False
        self.before = lambda: None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Site:
        self.rendered.append(environ)
        self.before()
        start_response(self.status, [("Content-Type", self.kind), *self.headers])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield self.text().encode()

    def close(self) -> None:
        self.is_closed = True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Answer:
    def __init__(self, cache: PageCache, path: str = "/", query: str = "", **asked: Any) -> None:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "wsgi.url_scheme": "http",
            **asked,
        }
        self.status = ""
        self.headers: dict[str, str] = {}
        self.body = b"".join(cache(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info=None) -> None:
        self.status, self.headers = status, dict(headers)
        assert len(self.headers) == len(headers), "a header stands twice"

    @property
    def number(self) -> int:
        text = UNPACK[self.headers.get("Content-Encoding", "")](self.body)
        return int(text.split(b"<p>Number ")[1].split(b"</p>")[0])


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.CACHE_URL) as valkey:
        valkey.flushdb()
        yield valkey


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(site: Site, clock: Clock, valkey: redis.Redis) -> PageCache:
    return PageCache(site, url=settings.CACHE_URL, clock=clock)


@pytest.fixture
def other_process(site: Site, clock: Clock, valkey: redis.Redis) -> PageCache:
    return PageCache(site, url=settings.CACHE_URL, clock=clock)


def grow_older(valkey: redis.Redis, *, left: float) -> None:
    """Leaves the kept page so many seconds to live."""
    [name] = [name for name in valkey.scan_iter() if not name.endswith(b":claim")]
    valkey.pexpire(name, int(left * 1000))


# --- One rendering for everyone -----------------------------------------------------------


def test_a_page_is_rendered_once_for_all_processes(cache, other_process, site):
    assert [Answer(each).number for each in (cache, cache, other_process, other_process)] == [1] * 4
    assert site.is_closed


def test_a_hit_and_a_miss_send_the_same(cache, other_process):
    answers = [Answer(each, **BROTLI) for each in (cache, cache, other_process)]

    assert answers[0].headers == answers[1].headers == answers[2].headers
    assert answers[0].body == answers[1].body == answers[2].body
    assert answers[0].headers["X-Frame-Options"] == "DENY"
    assert answers[0].headers["Vary"] == "Accept-Encoding"
    assert answers[0].headers["Cache-Control"] == PUBLIC[1]


@pytest.mark.parametrize(
    "change",
    [
        {"HTTP_HOST": "localhost:8000"},
        {"wsgi.url_scheme": "https"},
        {"path": "/compare/"},
        {"query": "page=2"},
    ],
)
def test_another_host_scheme_path_or_page_is_another_page(cache, change):
    assert Answer(cache).number == 1
    assert Answer(cache, **change).number == 2


def test_a_question_mark_within_the_path_is_no_query(cache):
    assert Answer(cache, "/tools/", "page=2").number == 1
    assert Answer(cache, "/tools/?page=2").number == 2


def test_the_order_of_parameters_and_the_marks_of_shared_links_change_nothing(cache, site):
    assert Answer(cache, "/tools/", "page=2&category=editors").number == 1
    assert Answer(cache, "/tools/", "utm_source=letter&category=editors&page=2&ref=x").number == 1
    assert site.rendered[0]["QUERY_STRING"] == "category=editors&page=2"


@pytest.mark.parametrize(
    "query", ["q=anything", "page=2&page=3", "page=%3Cb%3E", "page=", "page=2" + "&" * 600]
)
def test_an_odd_query_is_answered_but_not_kept(cache, valkey, site, query):
    assert [Answer(cache, query=query).number for _ in range(2)] == [1, 2]
    assert site.rendered[0]["QUERY_STRING"] == query
    assert not valkey.keys()


# --- Who gets it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        {"HTTP_COOKIE": "voter=x"},
        {"HTTP_COOKIE": "a=b; voter=x"},
        {"HTTP_COOKIE": "verdicts_desk=x"},
        {"HTTP_AUTHORIZATION": "Basic x"},
        {"HTTP_HX_REQUEST": "true"},
        {"REQUEST_METHOD": "POST"},
        {"HTTP_HOST": "elsewhere.example"},
        {"path": "/" + "a" * 300},
    ],
)
def test_a_reader_of_their_own_is_rendered_for_and_leaves_the_shared_copy_alone(
    cache, valkey, asked
):
    assert Answer(cache).number == 1
    before = valkey.keys()

    assert Answer(cache, **asked).number == 2
    assert Answer(cache, **asked).number == 3
    assert valkey.keys() == before
    assert Answer(cache).number == 1


def test_over_https_the_voter_cookie_has_another_name(cache, settings):
    settings.IS_HTTPS = True
    assert [Answer(cache, HTTP_COOKIE="__Host-voter=x").number for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("cookie", ["theme=dark", "notvoter=1", "sessionid=x; voters=2"])
def test_a_cookie_that_says_nothing_here_changes_nothing(cache, cookie):
    assert [Answer(cache, HTTP_COOKIE=cookie).number for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("404 Not Found", [PUBLIC]),
        ("302 Found", [PUBLIC]),
        ("200 OK", []),
        ("200 OK", [("Cache-Control", "private, no-store")]),
        ("200 OK", [("Cache-Control", "max-age=31536000, public, immutable")]),
        ("200 OK", [PUBLIC, ("Set-Cookie", "a=b")]),
        ("200 OK", [PUBLIC, ("Vary", "Cookie")]),
    ],
)
def test_what_is_not_for_everyone_is_passed_on_as_it_is(cache, site, valkey, status, headers):
    site.status, site.headers = status, headers

    answers = [Answer(cache, **BROTLI) for _ in range(2)]
    assert [answer.number for answer in answers] == [1, 2]
    assert answers[0].status == status
    assert answers[0].headers == {"Content-Type": "text/html; charset=utf-8", **dict(headers)}
    assert not valkey.keys()


def test_the_proxys_word_for_https_makes_another_page(cache, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Answer(cache, HTTP_X_FORWARDED_PROTO="https").number == 1
    assert Answer(cache, HTTP_X_FORWARDED_PROTO="http").number == 2
    assert Answer(cache, HTTP_X_FORWARDED_PROTO="https").number == 1


# --- In which form ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("BR;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("br; q=0.000, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("br;q=much, gzip", "gzip"),
        ("brotli", None),
    ],
)
def test_the_reader_chooses_the_encoding(cache, accept, encoding):
    answer = Answer(cache, HTTP_ACCEPT_ENCODING=accept)

    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.number == 1


def test_a_picture_is_not_compressed_again(cache, site):
    site.kind = "image/png"
    assert [Answer(cache, **BROTLI).number for _ in range(2)] == [1, 1]
    assert "Content-Encoding" not in Answer(cache, **BROTLI).headers


def test_each_encoding_has_a_strong_tag_that_only_the_text_changes(cache, clock, valkey, site):
    def tags() -> list[str]:
        valkey.flushdb()
        clock.now += 10
        return [
            Answer(cache, HTTP_ACCEPT_ENCODING=each).headers["ETag"] for each in ("br", "gzip", "")
        ]

    site.text = lambda: "the same"
    first = tags()
    assert len(set(first)) == 3
    assert all(tag.startswith('"') for tag in first)
    assert tags() == first

    site.text = lambda: "another"
    assert set(first).isdisjoint(tags())


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_whoever_has_the_page_hears_that_nothing_changed(cache, form):
    known = Answer(cache, **BROTLI)
    again = Answer(cache, HTTP_IF_NONE_MATCH=form.format(known.headers["ETag"]), **BROTLI)

    assert again.status == "304 Not Modified"
    assert again.body == b""
    missing = known.headers.keys() - again.headers.keys()
    assert missing == {"Content-Type", "Content-Length", "Content-Encoding"}


def test_the_tag_of_another_encoding_is_not_the_pages(cache):
    plain = Answer(cache)
    again = Answer(cache, HTTP_IF_NONE_MATCH=plain.headers["ETag"], **BROTLI)
    assert again.status == "200 OK"


def test_head_says_what_get_would_send(cache):
    head = Answer(cache, REQUEST_METHOD="HEAD", **BROTLI)
    get = Answer(cache, **BROTLI)
    head_again = Answer(cache, REQUEST_METHOD="HEAD", **BROTLI)

    assert head.body == head_again.body == b""
    assert head.headers == get.headers == head_again.headers
    assert get.number == 1


# --- For how long -------------------------------------------------------------------------


def test_a_process_asks_valkey_once_a_second(cache, clock, valkey):
    assert Answer(cache).number == 1
    valkey.flushdb()
    clock.now += pagecache.NEAR - 0.01
    assert Answer(cache).number == 1
    clock.now += 0.01
    assert Answer(cache).number == 2


def test_what_one_process_renders_the_others_show_within_a_second(
    cache, other_process, clock, valkey
):
    assert Answer(cache).number == Answer(other_process).number == 1
    valkey.flushdb()
    clock.now += pagecache.NEAR
    assert Answer(cache).number == 2
    assert Answer(other_process).number == 2


def test_after_two_seconds_one_process_renders_while_the_others_serve_the_old_bytes(
    cache, other_process, clock, valkey, site
):
    Answer(cache)
    Answer(other_process)
    grow_older(valkey, left=pagecache.LIFE - pagecache.FRESH - 0.1)
    clock.now += pagecache.NEAR

    meanwhile = []
    site.before = lambda: meanwhile.append(Answer(other_process).number)
    assert Answer(cache).number == 2
    assert meanwhile == [1]


def test_many_threads_at_once_render_a_stale_page_once(cache, clock, valkey, site):
    Answer(cache)
    grow_older(valkey, left=1.5)
    clock.now += pagecache.NEAR
    numbers: list[int] = []
    everyone_is_here = threading.Barrier(17)
    others_are_done = threading.Semaphore(0)

    def render_last() -> None:
        for _ in range(15):
            assert others_are_done.acquire(timeout=10)

    site.before = render_last

    def read() -> None:
        everyone_is_here.wait(timeout=10)
        numbers.append(Answer(cache).number)
        others_are_done.release()

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    everyone_is_here.wait(timeout=10)
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(numbers) == [1] * 15 + [2]


def test_bytes_older_than_four_seconds_are_served_by_nobody(cache, other_process, clock, valkey):
    Answer(cache)
    grow_older(valkey, left=0.4)
    valkey.set(next(iter(valkey.keys())) + b":claim", 1)  # somebody renders, and takes too long
    assert Answer(other_process).number == 1
    clock.now += 0.4
    valkey.flushdb()
    assert Answer(other_process).number == 2


def test_pages_that_nobody_reads_leave_valkey(cache, valkey):
    Answer(cache)
    [name] = valkey.keys()
    assert 0 < valkey.pttl(name) <= pagecache.LIFE * 1000


def test_the_age_counts_from_the_beginning_of_the_rendering(cache, clock, valkey, site):
    def slowly() -> None:
        clock.now += 3

    site.before = slowly
    Answer(cache)
    [name] = valkey.keys()
    assert valkey.pttl(name) <= 1000


# --- When things go wrong -----------------------------------------------------------------


def test_without_valkey_pages_are_rendered_and_kept_near(site, clock, tmp_path):
    cache = PageCache(site, url=f"unix://{tmp_path}/nobody.sock", clock=clock)
    assert [Answer(cache).number for _ in range(3)] == [1, 1, 1]
    clock.now += pagecache.NEAR
    assert Answer(cache).number == 2


def test_a_process_keeps_a_bounded_number_of_pages_and_bytes(cache, monkeypatch):
    monkeypatch.setattr(kept, "MOST_PAGES", 3)
    for number in range(5):
        Answer(cache, f"/{number}")
    assert [key.rpartition(" ")[2] for key in cache.near.pages] == ["/2", "/3", "/4"]

    monkeypatch.setattr(kept, "MOST_BYTES", 1500)
    Answer(cache, "/5")
    assert cache.near.size <= 1500
    assert cache.near.size == sum(page.size for _, page in cache.near.pages.values())


def test_a_page_that_is_too_large_is_not_kept(cache, valkey, monkeypatch):
    monkeypatch.setattr(pagecache, "LARGEST_PAGE", 100)
    assert [Answer(cache).number for _ in range(2)] == [1, 2]
    assert not valkey.keys()


# --- Before the real site -----------------------------------------------------------------


@pytest.fixture
def lasting_connection(db: None) -> Iterator[None]:
    """The test's transaction outlives the requests, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("lasting_connection")
def test_a_kept_comparison_page_asks_nothing_of_the_database(
    clock, valkey, django_assert_num_queries, django_assert_max_num_queries
):
    pair = make_comparison(make_tool("a"), make_tool("b"))
    cache = PageCache(get_wsgi_application(), url=settings.CACHE_URL, clock=clock)
    asked: dict[str, Any] = {"SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.input": io.BytesIO()}

    with django_assert_max_num_queries(8):
        first = Answer(cache, pair.get_absolute_url(), **asked)
    with django_assert_num_queries(0):
        second = Answer(cache, pair.get_absolute_url(), **asked)
    assert first.status == "200 OK"
    assert first.body == second.body
    assert first.headers == second.headers
    assert "Content-Security-Policy" in second.headers
