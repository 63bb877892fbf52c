"""Errors as pages of the site."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

# Statuses that Django and views answer with an empty body.
PLAIN = {405, 413, 429}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return render(request, "413.html", status=413)
    return defaults.bad_request(request, exception)


def say_it_in_words(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an empty refusal gets the page that explains it; its headers stay."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_empty = not response.streaming and not response.content
        if response.status_code in PLAIN and is_empty:
            response.content = render(request, f"{response.status_code}.html").content
        return response

    return middleware
