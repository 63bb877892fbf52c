"""Sentences that know which of their words are names.

A sentence is plain text, for mail and for tests. In a page every name in it is isolated
in <bdi>, so that a name in any script leaves what stands beside it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe


class Sentence(str):
    """Text with a second form for pages, which templates pick up by `__html__`."""

    __slots__ = ("_html",)
    _html: str

    def __new__(cls, text: str, html: str) -> Sentence:
        made = super().__new__(cls, text)
        made._html = html
        return made

    def __html__(self) -> SafeString:
        return mark_safe(self._html)  # noqa: S308  every part was escaped when it was put in

    def __reduce__(self) -> tuple[type[Sentence], tuple[str, str]]:
        return Sentence, (str(self), self._html)


def name(text: str) -> Sentence:
    return Sentence(text, f"<bdi>{escape(text)}</bdi>")


def sentence(pattern: str, *parts: object) -> Sentence:
    """`pattern` with a part for every {}; plain parts are escaped in the page's form."""
    return Sentence(
        pattern.format(*parts),
        escape(pattern).format(
            *(
                part.__html__() if isinstance(part, Sentence) else escape(str(part))
                for part in parts
            )
        ),
    )


def joined(sentences: Iterable[str], between: str = " ") -> Sentence:
    kept = [part for part in sentences if part]
    return sentence(between.join(["{}"] * len(kept)), *kept)
