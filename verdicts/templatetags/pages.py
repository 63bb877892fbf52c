"""What every page says of itself, and how dates are written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template.context import Context
from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from tools.addresses import address

register = template.Library()

# {% address "home" %}, for what stands on every page: {% url %} works it out each time.
register.simple_tag(address)

RANGE = re.compile(r"\d+–\d+%")


@register.simple_block_tag
def title(content: str, *, alone: bool = False) -> SafeString:
    """The page's title, for the window and for whoever links here."""
    words = plain(content)
    return format_html(
        '<title>{}</title>\n  <meta property="og:title" content="{}">',
        words if alone else format_html("{} | {}", words, settings.SITE_NAME),
        words,
    )


def plain(content: str) -> str:
    """The words of a rendered block: neither its tags (a name's <bdi>) nor its escapes."""
    return " ".join(unescape(strip_tags(content)).split())


@register.simple_block_tag
def description(content: str) -> SafeString:
    words = plain(content)
    return format_html(
        '<meta name="description" content="{0}">\n  <meta property="og:description" content="{0}">',
        words,
    )


@register.simple_block_tag(takes_context=True)
def nav_link(context: Context, content: str, name: str) -> SafeString:
    """A link of a menu; the one whose page, or whose part of the site, is open is marked."""
    request = context.get("request")
    here = request.path if request else ""
    there = address(name)
    current = ""
    if here == there:
        current = ' aria-current="page"'
    elif here.startswith(there):
        current = ' aria-current="true"'
    return format_html('<a href="{}"{}>{}</a>', there, SafeString(current), content)


@register.filter
def unbroken(words: str) -> SafeString:
    """The words with every range, '38–79%', kept on one line."""
    # What is escaped stays so: only digits, a dash and a percent sign are wrapped.
    return mark_safe(RANGE.sub(r'<span class="range">\g<0></span>', conditional_escape(words)))  # noqa: S308


@register.filter
def host(address: str) -> str:
    """example.org, of https://www.example.org/a/b."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


@register.filter
def day(moment: dt.date | None) -> SafeString:
    """9 November 2026, for people and machines."""
    return _time(moment, "j F Y")


@register.filter
def short_day(moment: dt.date | None) -> SafeString:
    """9 Nov 2026."""
    return _time(moment, "j M Y")


@register.simple_tag
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
