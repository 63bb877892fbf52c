"""A draft as readers would see it, by a signed link that lives seven days."""

from __future__ import annotations

import copy
import datetime as dt
from typing import TYPE_CHECKING

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from reviews.verdict import verdict_on
from tools.models import Comparison, Tool
from verdicts.views.tools import tool_context

if TYPE_CHECKING:
    from tools.editorial import Editorial

SALT = "preview"
LIFE = dt.timedelta(days=7)


def preview_address(draft: Editorial) -> str:
    """The path of a link that anybody who has it may open for seven days."""
    token = signing.dumps([draft._meta.model_name, draft.pk], salt=SALT)
    return reverse("preview", args=[token])


@csrf_exempt  # a form is refused for its method, whatever else it lacks
@require_safe
@cache_control(no_store=True, private=True)
def preview(request: HttpRequest, token: str) -> HttpResponse:
    try:
        kind, pk = signing.loads(token, salt=SALT, max_age=LIFE)
    except signing.BadSignature as problem:
        raise Http404("A preview lives seven days, and only as it was handed out.") from problem
    if kind == "comparison":
        drafts = Comparison.objects.with_tools()
        response = show_comparison(request, get_object_or_404(drafts, pk=pk))
    else:
        response = show_tool(request, get_object_or_404(Tool.objects.with_category(), pk=pk))
    response["X-Robots-Tag"] = "noindex"
    return response


def show_comparison(request: HttpRequest, draft: Comparison) -> HttpResponse:
    """The very page, read at the hour of publication, or now."""
    now = timezone.now()
    as_published = copy.copy(draft)
    as_published.publish_at = draft.publish_at or now
    verdict = verdict_on(as_published, now=now)
    context = {
        "previewed": "verdicts/comparison_detail.html",
        "verdict": verdict,
        "first": verdict.first,
        "second": verdict.second,
        "related": [],
        "first_ballot": None,
        "second_ballot": None,
        "pick": None,
    }
    return render(request, "verdicts/preview.html", context)


def show_tool(request: HttpRequest, draft: Tool) -> HttpResponse:
    around = {"previewed": "verdicts/tool_detail.html", "ballot": None}
    context = tool_context(draft, now=timezone.now()) | around
    return render(request, "verdicts/preview.html", context)
