"""How words, links and dates are written in a page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from html import unescape
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.html import conditional_escape, escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from jinja2 import pass_context
from jinja2.runtime import Context

from tools.addresses import address

# Where a score would stand.
DASH = mark_safe('<span aria-hidden="true">—</span><span class="vh">No score</span>')
RANGE = re.compile(r"\d+–\d+%")


def plain(content: str) -> SafeString:
    """The words of a rendered block for a title or an attribute: no tags (a name's <bdi>)."""
    return escape(" ".join(unescape(strip_tags(content)).split()))


@pass_context
def nav_link(context: Context, name: str, words: str) -> SafeString:
    """A link of a menu; the one whose page, or whose part of the site, is open is marked."""
    request = context.get("request")
    here = request.path if request else ""
    there = address(name)
    if here.startswith(there):
        return _link(there, words, current="page" if here == there else "true")
    return _link(there, words)


@cache
def _link(there: str, words: str, *, current: str = "") -> SafeString:
    mark = format_html(' aria-current="{}"', current) if current else ""
    return format_html('<a href="{}"{}>{}</a>', there, mark, words)


def unbroken(words: str) -> SafeString:
    """The words with every range, '38–79%', kept on one line."""
    # What is escaped stays so: only digits, a dash and a percent sign are wrapped.
    return mark_safe(RANGE.sub(r'<span class="range">\g<0></span>', conditional_escape(words)))  # noqa: S308


def host(address: str) -> str:
    """example.org, of https://www.example.org/a/b."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


def day(moment: dt.date | None) -> SafeString:
    """9 November 2026, for people and machines."""
    return _time(moment, "j F Y")


def short_day(moment: dt.date | None) -> SafeString:
    """9 Nov 2026."""
    return _time(moment, "j M Y")


def days(found: Sequence[dt.date]) -> SafeString:
    """One day, or the oldest and the newest of several."""
    if len(found) < 2:
        return day(found[0] if found else None)
    return format_html("{} to {}", day(found[0]), day(found[-1]))


def _time(moment: dt.date | None, form: str) -> SafeString:
    if moment is None:
        return SafeString("")
    if isinstance(moment, dt.datetime):
        moment = timezone.localdate(moment)
    return _written(moment, form)


@lru_cache(maxsize=2000)
def _written(day: dt.date, form: str) -> SafeString:
    # A page says the same few days again and again.
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), written(day, form))
