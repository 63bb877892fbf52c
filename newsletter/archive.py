"""Issues as pages of the site: every reader's issue of all topics, with public links alone."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from newsletter.digest import Digest
from newsletter.models import Issue

ISSUES_IN_THE_FEED = 20
# One copy for every reader, who asks again each time.
shared = cache_control(max_age=0, public=True, must_revalidate=True)


@csrf_exempt
@require_safe
@shared
def issue_index(request: HttpRequest) -> HttpResponse:
    issues = [(issue, said_in(issue)) for issue in Issue.objects.sent_to_readers()]
    return render(request, "newsletter/issue_index.html", {"issues": issues})


@csrf_exempt
@require_safe
@shared
def issue_detail(request: HttpRequest, day: str) -> HttpResponse:
    try:
        slot_on = dt.date.fromisoformat(day)
    except ValueError as problem:
        raise Http404 from problem
    if slot_on.isoformat() != day:
        raise Http404
    issue = get_object_or_404(Issue.objects.sent_to_readers(), slot_on=slot_on)
    context = {"issue": issue, "digest": said_in(issue)}
    return render(request, "newsletter/issue_detail.html", context)


def said_in(issue: Issue) -> Digest:
    return Digest.of_json(issue.contents).shortened


class IssueFeed(Feed):  # type: ignore[type-arg]  # generic in the stubs alone
    feed_type = Atom1Feed
    title = "Weekly AI Tool Verdicts"
    subtitle = "Every issue of the weekly email"
    author_name = settings.SITE_NAME
    link = f"{settings.SITE_URL}/newsletter/issues/"
    feed_url = f"{settings.SITE_URL}/feeds/issues.atom"

    def items(self) -> list[Issue]:
        return list(Issue.objects.sent_to_readers()[:ISSUES_IN_THE_FEED])

    def item_title(self, item: Issue) -> str:
        return said_in(item).subject

    def item_link(self, item: Issue) -> str:
        return settings.SITE_URL + item.get_absolute_url()

    def item_description(self, item: Issue) -> str:
        # Atom's summary is read as HTML.
        return escape(said_in(item).preheader)

    def item_pubdate(self, item: Issue) -> dt.datetime:
        return item.send_at

    def item_updateddate(self, item: Issue) -> dt.datetime:
        return item.send_at


feed = csrf_exempt(require_safe(shared(IssueFeed())))
