"""The Atom feed of comparisons: published ones, with their answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import require_safe

from reviews.verdict import Verdict, verdicts_on
from tools.models import Comparison
from verdicts.pagecache.sharing import public_page
from verdicts.sitemaps import changed_comparisons

IN_THE_FEED = 30


@dataclass(frozen=True)
class Entry:
    comparison: Comparison
    verdict: Verdict
    changed_at: dt.datetime


class ComparisonsFeed(Feed[Entry, None]):
    feed_type = Atom1Feed
    title = f"{settings.SITE_NAME}: comparisons"
    subtitle = "Two AI tools side by side, and which one to ship with."
    author_name = settings.SITE_NAME
    link = f"{settings.SITE_URL}/compare/"
    feed_url = f"{settings.SITE_URL}/feeds/comparisons.atom"
    feed_guid = feed_url

    def items(self) -> list[Entry]:
        now = timezone.now()
        rows = Comparison.objects.published(now=now).newest_first().with_tools()
        comparisons = list(rows[:IN_THE_FEED])
        changed = changed_comparisons(comparisons)
        verdicts = verdicts_on(comparisons, now=now)
        return [
            Entry(comparison, verdict, changed[comparison.pk])
            for comparison, verdict in zip(comparisons, verdicts, strict=True)
        ]

    def item_title(self, item: Entry) -> str:
        return str(item.comparison)

    def item_description(self, item: Entry) -> str:
        # Atom's summary is read as HTML.
        said = [str(item.verdict.answer.summary)]
        if item.verdict.headline:
            said.append(f"The editors: {item.verdict.headline}")
        return escape(" ".join(said))

    def item_link(self, item: Entry) -> str:
        return settings.SITE_URL + item.comparison.get_absolute_url()

    def item_guid(self, item: Entry) -> str:
        # A changed slug moves the address; the entry stays the same one.
        return f"{self.feed_url}#comparison-{item.comparison.pk}"

    def item_pubdate(self, item: Entry) -> dt.datetime | None:
        return item.comparison.publish_at

    def item_updateddate(self, item: Entry) -> dt.datetime:
        return item.changed_at

    def item_categories(self, item: Entry) -> list[str]:
        first, second = item.comparison.pair
        return list(dict.fromkeys([first.category.name, second.category.name]))


feed = require_safe(public_page(ComparisonsFeed()))
