"""What a catalogue file holds: its sections, entry by entry. Knows nothing of the database.

Each entry is checked by itself, so that a fault in one hides no fault in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from verdicts.catalog.entries import (
    CategoryEntry,
    ComparisonEntry,
    Entry,
    ReviewEntry,
    SourceEntry,
    Title,
    ToolEntry,
)
from verdicts.catalog.faults import explained, subject
from verdicts.catalog.problems import described, did_you_mean, quoted
from verdicts.catalog.reading import Document, Number, Path, Unreadable

SCHEMA_VERSION = "1"


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True)
class Item(Generic[E]):
    """One entry of a file: its place, the values as read, and what they mean if all are good."""

    document: Document
    section: str
    position: int
    raw: Mapping[str, Any]
    entry: E | None

    def word(self, key: str) -> str:
        """The text under the key as the file has it, or '' where it is not a text."""
        value = self.raw.get(key)
        return value if isinstance(value, str) else ""

    def words(self, key: str) -> list[str]:
        """The texts of the list under the key."""
        value = self.raw.get(key)
        return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []

    @property
    def slug(self) -> str:
        return self.word("id" if self.section == "sources" else "slug")

    @property
    def good(self) -> E:
        """The entry of an item in which nothing is wrong."""
        assert self.entry is not None
        return self.entry

    @property
    def place(self) -> str:
        """'tool 2 (aider)', 'review 1 (aider, builder)', 'comparison 1 (aider vs cline)'."""
        match self.section:
            case "reviews":
                who = ", ".join(filter(None, [self.word("tool"), self.word("persona")]))
            case "comparisons":
                who = " vs ".join(filter(None, [self.word("left"), self.word("right")]))
            case _:
                who = self.slug or (quoted(self.word("name")) if self.word("name") else "")
        place = f"{ONE_OF[self.section]} {self.position + 1}"
        return f"{place} ({who})" if who else place

    def complain(self, words: str, *path: str | int) -> None:
        line = self.document.line_of((self.section, self.position, *path))
        self.document.complain(words, line=line, place=self.place)


ONE_OF = {
    "categories": "category",
    "tools": "tool",
    "reviews": "review",
    "comparisons": "comparison",
    "sources": "source",
}
NEEDED = ("schema_version", "categories", "tools")
MOST = {"categories": 100, "tools": 2000, "reviews": 8000, "comparisons": 5000, "sources": 2000}


@dataclass
class Contents:
    """The entries of one file or of several, in the order of the files."""

    categories: list[Item[CategoryEntry]] = field(default_factory=list)
    tools: list[Item[ToolEntry]] = field(default_factory=list)
    reviews: list[Item[ReviewEntry]] = field(default_factory=list)
    comparisons: list[Item[ComparisonEntry]] = field(default_factory=list)
    sources: list[Item[SourceEntry]] = field(default_factory=list)

    def add(self, document: Document) -> None:
        """Check the document entry by entry; its problems are told to the document."""
        check_top(document)
        self.categories += fresh(items(document, "categories", CategoryEntry), self.categories)
        self.tools += items(document, "tools", ToolEntry)
        self.reviews += items(document, "reviews", ReviewEntry)
        self.comparisons += items(document, "comparisons", ComparisonEntry)
        self.sources += fresh(items(document, "sources", SourceEntry), self.sources)


def fresh(items: list[Item[E]], known: list[Item[E]]) -> list[Item[E]]:
    """Without what an earlier file says word for word: each file names the categories that
    it uses."""
    said = {item.slug: item.raw for item in known}
    return [item for item in items if said.get(item.slug) != item.raw]


def check_top(document: Document) -> None:
    mapping = document.mapping
    known = [*ONE_OF, "schema_version", "title"]
    for key in mapping:
        if key not in known:
            words = f"unknown key {quoted(key)}{did_you_mean(key, known)}"
            document.complain(words, line=document.line_of((key,)))
    for key in NEEDED:
        if key not in mapping:
            document.complain(f"{key} is missing", line=1)
    version = mapping.get("schema_version", Number(SCHEMA_VERSION))
    if version != Number(SCHEMA_VERSION) and not isinstance(version, Unreadable):
        document.complain(
            f"schema_version {described(version)} is unknown; write {SCHEMA_VERSION}",
            line=document.line_of(("schema_version",)),
        )
    if "title" in mapping:
        try:
            Title.model_validate({"title": mapping["title"]})
        except ValidationError as error:
            for detail in error.errors():
                document.complain(
                    f"title {explained(detail, Title)}", line=document.line_of(("title",))
                )


def items(document: Document, section: str, shape: type[E]) -> list[Item[E]]:
    entries = document.mapping.get(section, [])
    line = document.line_of((section,))
    if isinstance(entries, Unreadable):
        return []
    if not isinstance(entries, list):
        document.complain(f"{section} {described(entries)} must be a list", line=line)
        return []
    if section in NEEDED and not entries and section in document.mapping:
        document.complain(f"{section} is empty; it needs at least one", line=line)
    if len(entries) > MOST[section]:
        document.complain(
            f"{section} holds {len(entries):,} entries; {MOST[section]:,} at most", line=line
        )
        return []
    return [
        item
        for position, raw in enumerate(entries)
        if (item := checked(document, section, position, raw, shape)) is not None
    ]


def checked(
    document: Document, section: str, position: int, raw: object, shape: type[E]
) -> Item[E] | None:
    if isinstance(raw, Unreadable):
        return None
    if not isinstance(raw, dict):
        item = Item[E](document, section, position, {}, None)
        item.complain(f"{described(raw)} must be a mapping")
        return None
    try:
        item = Item(document, section, position, raw, shape.model_validate(raw))
    except ValidationError as error:
        item = Item[E](document, section, position, raw, None)
        for detail in error.errors():
            # Told already: by the reader, or as empty below.
            if detail["input"] is not None and not isinstance(detail["input"], Unreadable):
                item.complain(
                    f"{subject(detail['loc'])} {explained(detail, shape)}", *detail["loc"]
                )
    for path in empties(raw):
        item.complain(f"{subject(path)} is empty; write a value or leave the key out", *path)
    return item


def empties(value: object, path: Path = ()) -> Iterator[Path]:
    """The paths of the keys and list items after which nothing stands."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from empties(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from empties(inner, (*path, position))
