"""Bytes of a catalogue file to plain values, with the line of each: a careful subset of YAML.

Read from the parser's events, so that nothing is ever built that the file does not spell out:
no anchors and aliases, no tags, no second document, no key twice, no deep nesting, and no
number, date or 'no' that YAML turns into something else.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from verdicts.catalog.problems import CatalogError, Problem, quoted

MOST_BYTES = 1_000_000
# A price point is the deepest value of a good file: tools, tool, pricing, points, point.
DEEPEST = 12

Path = tuple[str | int, ...]
# The step of a value whose key cannot be used.
NO_KEY = -1

# What a text file holds beside printable characters is a tab or the end of a line.
UNREADABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(frozen=True)
class Number:
    """A number as the file spells it, so that 0.10 stays 0.10 and nothing overflows."""

    literal: str

    def __str__(self) -> str:
        return self.literal


@dataclass(frozen=True)
class Switch:
    """True or false, in one of the words that YAML has for them."""

    literal: str

    @property
    def is_on(self) -> bool:
        return self.literal.lower() in {"yes", "true", "on"}

    def __str__(self) -> str:
        return self.literal


class Unreadable:
    """Stands where a problem has been told already; further checks pass over it."""


UNREADABLE_VALUE = Unreadable()


@dataclass
class Document:
    """One file as read: the value of its mapping, and the line of every value and key."""

    name: str
    mapping: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: Path) -> int:
        """The line of the value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def complain(self, words: str, *, line: int = 0, place: str = "") -> None:
        self.problems.append(Problem(self.name, line, place, words))


def read(name: str, content: bytes) -> Document:
    """The file's mapping. What cannot be read as one at all raises CatalogError."""
    document = Document(name)
    text = decoded(content, document)
    try:
        value = Reader(document, yaml.parse(text, Loader=Parser)).value()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = f"this is not YAML: {error.problem or error.context}"
        if "'\\t'" in words or "\t" in words:
            words += " (YAML indents with spaces, not with tabs)"
        document.complain(words, line=mark.line + 1 if mark else 0)
        raise CatalogError(document.problems) from error
    if not isinstance(value, dict):
        what = "is empty" if value is None else "is not a mapping"
        document.complain(f"the file {what}; it begins with schema_version: 1", line=1)
        raise CatalogError(document.problems)
    document.mapping = value
    return document


# By the marks with which a file begins; UTF-32's first, since they begin with UTF-16's.
OTHER_ENCODINGS = {
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}


def decoded(content: bytes, document: Document) -> str:
    """The text of the file, or CatalogError; nothing of a file that is too large is read."""
    if len(content) > MOST_BYTES:
        document.complain(f"larger than {MOST_BYTES:,} bytes, so it was not read")
        raise CatalogError(document.problems)
    for name, marks in OTHER_ENCODINGS.items():
        if content.startswith(marks):
            document.complain(f"this is {name}; save it as UTF-8", line=1)
            raise CatalogError(document.problems)
    try:
        # Some editors begin UTF-8 with a byte order mark; it means nothing and harms nothing.
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.complain(
            f"the byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8", line=line
        )
        raise CatalogError(document.problems) from error
    for character in UNREADABLE.finditer(text):
        line = text.count("\n", 0, character.start()) + 1
        document.complain(
            f"the character U+{ord(character[0]):04X} does not belong in a text file", line=line
        )
        if len(document.problems) > 20:
            break
    if document.problems:
        raise CatalogError(document.problems)
    return LONE_RETURN.sub("\n", text)


Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOLVER: Any = yaml.resolver.Resolver()
TAG = "tag:yaml.org,2002:"


class Reader:
    """Walks the parser's events once."""

    def __init__(self, document: Document, events: Iterator[yaml.Event]) -> None:
        self.document = document
        self.events = events

    def value(self) -> Any:
        """The one document's value, None for an empty file."""
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, "a second document begins here; a file holds one")
            elif isinstance(event, yaml.NodeEvent):
                value = self.node(event, ())
        return value

    def node(self, event: yaml.NodeEvent, path: Path) -> Any:
        self.document.lines[path] = line_of(event)
        if len(path) > DEEPEST:
            self.refuse(event, f"nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            self.complain(event, f"the alias *{event.anchor} is not allowed; write the value out")
            return UNREADABLE_VALUE
        if event.anchor is not None:
            self.complain(event, f"the anchor &{event.anchor} is not allowed")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.complain(event, f"the tag {quoted(tag.replace(TAG, '!!'))} is not allowed")
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value = self.mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(path)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            value = scalar(event)
        return UNREADABLE_VALUE if tag is not None else value

    def mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, path)
            following = next(self.events)
            assert isinstance(following, yaml.NodeEvent)
            if key is None or key in mapping:
                self.node(following, (*path, NO_KEY))
                if key is not None:
                    first = self.document.lines[(*path, key)]
                    self.complain(event, f"the key {quoted(key)} stands here and in line {first}")
            else:
                mapping[key] = self.node(following, (*path, key))
                self.document.lines[(*path, key)] = line_of(event)
        return mapping

    def key(self, event: yaml.Event, path: Path) -> str | None:
        """The key's word, or None after saying what is wrong with it."""
        if not isinstance(event, yaml.ScalarEvent):
            assert isinstance(event, yaml.NodeEvent)
            self.complain(event, "a key must be a word")
            self.node(event, (*path, NO_KEY))
            return None
        if event.tag is not None or event.anchor is not None:
            self.complain(event, f"the key {quoted(event.value)} has a tag or an anchor")
        return str(event.value)

    def sequence(self, path: Path) -> list[Any]:
        sequence: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            assert isinstance(event, yaml.NodeEvent)
            sequence.append(self.node(event, (*path, len(sequence))))
        return sequence

    def complain(self, event: yaml.Event, words: str) -> None:
        self.document.complain(words, line=line_of(event))

    def refuse(self, event: yaml.Event, words: str) -> None:
        """Stop reading: what follows may be endless."""
        self.complain(event, words)
        raise CatalogError(self.document.problems)


def line_of(event: yaml.Event) -> int:
    """Counted from 1, as editors count."""
    return event.start_mark.line + 1 if event.start_mark else 0


def scalar(event: yaml.ScalarEvent) -> str | Number | Switch | None:
    """Text, a number, a switch or nothing. A date is text, quoted or not."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    tag = RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).removeprefix(TAG)
    if tag in {"int", "float"}:
        return Number(text)
    if tag == "bool":
        return Switch(text)
    return None if tag == "null" else text
