"""Answers for whoever watches the process: by any host name, over http, never kept."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def health_checks(get_response: GetResponse) -> GetResponse:
    """Middleware, since a view is reached only by an allowed host name."""
    answers = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = answers.get(request.path_info)
        if answer is None:
            return get_response(request)
        response = answer() if request.method in {"GET", "HEAD"} else HttpResponse(status=405)
        response["Cache-Control"] = "no-store"
        return response

    return middleware


def healthz() -> HttpResponse:
    """200: the process lives."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz() -> HttpResponse:
    """200: the process can serve; 503 names what is missing."""
    needed = {"database": has_database, "cache": has_cache}
    missing = [name for name, is_there in needed.items() if not is_there()]
    if missing:
        words = f"missing: {', '.join(missing)}\n"
        return HttpResponse(words, status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


def has_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Error:
        return False
    return True


def has_cache() -> bool:
    try:
        with redis.Redis.from_url(
            settings.CACHE_URL, socket_timeout=1, socket_connect_timeout=1
        ) as valkey:
            return bool(valkey.ping())
    except redis.RedisError:
        return False
