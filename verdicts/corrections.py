"""The corrections page and its feed: what was wrong, since when, and what is right."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import require_safe

from tools.models import Correction
from verdicts.listings import listing, paged
from verdicts.pagecache.sharing import public_page

IN_THE_FEED = 30


@require_safe
@public_page
@paged
def corrections(request: HttpRequest, *, page: int) -> HttpResponse:
    rows = Correction.objects.published(now=timezone.now()).with_pages().newest_first()
    return render(request, "verdicts/corrections.html", {"listing": listing(rows, page=page)})


class CorrectionsFeed(Feed[Correction, None]):
    feed_type = Atom1Feed
    title = f"{settings.SITE_NAME}: corrections"
    subtitle = "What was wrong, since when, and what is right."
    author_name = settings.SITE_NAME

    def link(self) -> str:
        return reverse("corrections")

    def items(self) -> QuerySet[Correction]:
        published = Correction.objects.published(now=timezone.now())
        return published.with_pages().newest_first()[:IN_THE_FEED]

    def item_title(self, item: Correction) -> str:
        return str(item)

    def item_description(self, item: Correction) -> str:
        # Atom's summary is read as HTML.
        return escape(f"{item.right} Since {item.since_on:%-d %B %Y} it said: {item.wrong}")

    def item_link(self, item: Correction) -> str:
        return item.page.get_absolute_url()

    def item_guid(self, item: Correction) -> str:
        return f"{settings.SITE_URL}{reverse('corrections')}#correction-{item.pk}"

    def item_pubdate(self, item: Correction) -> dt.datetime | None:
        return item.published_at

    def item_updateddate(self, item: Correction) -> dt.datetime | None:
        return item.published_at


feed = require_safe(public_page(CorrectionsFeed()))
