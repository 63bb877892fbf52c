"""Prints how many queries some answers take, as JSON: `python -m tests.bench.counting PATH`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

from django.db import connection

from verdicts.wsgi import application


def queries(path: str, **asked: str) -> int:
    """How many one GET takes, all the way through the page cache."""
    count = 0

    def counted(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **asked,
    }
    with connection.execute_wrapper(counted):
        body = application(environ, lambda *args: bytes)
        b"".join(body)
        if close := getattr(body, "close", None):
            close()
    return count


if __name__ == "__main__":
    rendered = {"HTTP_AUTHORIZATION": "none"}
    # The first one opens the connection, which asks some things of its own.
    queries(sys.argv[1], **rendered)
    found = {
        "rendered": queries(sys.argv[1], **rendered),
        "kept": (queries(sys.argv[1]), queries(sys.argv[1]))[1],
    }
    print(json.dumps(found))
