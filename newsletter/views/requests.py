"""What a request tells of itself."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

from newsletter.models import Channel, Proof
from votes.visitors import network_of

pages = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """The form's fields, even when there are none; None for a GET."""
    return request.POST if request.method == "POST" else None


def proof_of(request: HttpRequest) -> Proof:
    """How somebody who holds a link acted: by our page, or by the mail program's own button."""
    is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    return Proof(
        Channel.ONE_CLICK if is_one_click else Channel.LINK,
        network=network_of(request),
        agent=agent_of(request),
    )


def agent_of(request: HttpRequest) -> str:
    words = request.headers.get("User-Agent", "")
    return "browser" if "Mozilla" in words else "program" if words else ""
