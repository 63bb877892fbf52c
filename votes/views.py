"""The ballots as pages and as forms: each view translates a request into one verb."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def vote(request: HttpRequest, slug: str) -> HttpResponse:
    raise Http404


def pick(request: HttpRequest, first: str, second: str) -> HttpResponse:
    raise Http404
