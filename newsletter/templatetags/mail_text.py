"""How plain-text mail is set."""

from __future__ import annotations

import textwrap

from django import template

register = template.Library()

WIDTH = 68


@register.filter
def wrapped(text: str) -> str:
    """The text in lines that a mail program need not break; words and addresses stay whole."""
    return textwrap.fill(str(text), width=WIDTH, break_long_words=False, break_on_hyphens=False)
