"""Which requests share a page, which page it is, and which answers may be shared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt

from votes.voters import cookie_name

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = {"max-age=0", "public", "must-revalidate"}

# The parameters that change a page, and what their values look like; a query with any other
# one is not shared. Marks that change nothing, as shared links carry them, are left out.
VARYING = frozenset({"category", "openness", "page", "price", "sort"})
VALUE = re.compile(r"[a-z0-9-]{1,60}")
TRACKING = re.compile(r"utm_[a-z]+|fbclid|gclid|ref")
LONGEST_PATH = 250
LONGEST_QUERY = 500


def public_page(view: View) -> View:
    """What a view says to be shared: a browser or proxy asks again each time, and mostly hears 304.

    Such a page takes no form, so a POST is the wrong method before it is a missing CSRF token.
    A room below this one writes the same decorator out.
    """
    return csrf_exempt(cache_control(max_age=0, public=True, must_revalidate=True)(view))


class Shared(NamedTuple):
    """A page that is the same for everyone who asks like this."""

    key: str
    query: str


def shared(environ: Environ) -> Shared | None:
    """None for a request that is to be answered for itself alone."""
    if (
        environ["REQUEST_METHOD"] not in ("GET", "HEAD")
        or "HTTP_HX_REQUEST" in environ
        or "HTTP_AUTHORIZATION" in environ
        or ("HTTP_COOKIE" in environ and is_personal(cookie_names(environ["HTTP_COOKIE"])))
    ):
        return None
    host, path, scheme = environ.get("HTTP_HOST", ""), environ["PATH_INFO"], scheme_of(environ)
    query = normalized(environ["QUERY_STRING"]) if environ.get("QUERY_STRING") else ""
    if (
        query is None
        or scheme not in ("http", "https")
        or len(path) > LONGEST_PATH
        or not is_allowed(host, tuple(settings.ALLOWED_HOSTS))
    ):
        return None
    # No part but the last can hold a space.
    return Shared(f"{scheme} {host} ?{query} {path}", query)


def is_personal(cookies: Iterable[str]) -> bool:
    """Whether one of these names makes a page the reader's own."""
    return not {settings.SESSION_COOKIE_NAME, cookie_name()}.isdisjoint(cookies)


def is_public(cache_control: str) -> bool:
    """Whether the view opted in."""
    return set(cache_control.split(", ")) == PUBLIC


def is_for_everyone(status: str, headers: Headers) -> bool:
    """Whether the view opted in and nothing in the answer belongs to one reader."""
    said = {name.lower(): value for name, value in headers}
    return (
        status.startswith("200 ")
        and is_public(said.get("cache-control", ""))
        and "set-cookie" not in said
        and said.get("vary", "Accept-Encoding") == "Accept-Encoding"
    )


def cookie_names(header: str) -> list[str]:
    return [cookie.partition("=")[0].strip() for cookie in header.split(";")]


def scheme_of(environ: Environ) -> str:
    """What the trusted proxy says, as Django reads it."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        if name in environ:
            return "https" if environ[name].split(",")[0].strip() == secure else "http"
    return str(environ["wsgi.url_scheme"])


@lru_cache(maxsize=128)
def is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def normalized(query: str) -> str | None:
    """`utm_source=x&page=2&category=ide` as `category=ide&page=2`; None for an odd query."""
    if len(query) > LONGEST_QUERY:
        return None
    pairs = sorted(
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if not TRACKING.fullmatch(name)
    )
    names = {name for name, _ in pairs}
    is_plain = len(names) == len(pairs) and names <= VARYING
    if not is_plain or not all(VALUE.fullmatch(value) for _, value in pairs):
        return None
    return urlencode(pairs)
