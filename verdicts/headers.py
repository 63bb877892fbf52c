"""Headers and limits that hold for every answer, whatever gave it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from verdicts.pagecache.sharing import is_personal, is_public

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponse]


def guarded(get_response: GetResponse) -> GetResponse:
    """Middleware: refuses what is too large, and says who may keep the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            response = render(request, "413.html", status=413)
        else:
            response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if response.status_code >= 400:
            response["Cache-Control"] = "no-store"
        elif is_public(response.headers.get("Cache-Control", "")):
            is_ones_own = is_personal(request.COOKIES) or bool(response.cookies)
            if is_ones_own or "HX-Request" in request.headers:
                response["Cache-Control"] = "private, no-store"
        elif response.status_code == 200:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
