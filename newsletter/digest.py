"""What a week's issue says, as a value of plain text and numbers.

An issue stores it as JSON, and mail, text and archive page are made from it alone, so that
the same digest makes the same bytes. `news.py` finds out what there is to say.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.utils.text import Truncator

from tools.addresses import address

# What a reader can take in; the rest is a link away.
MOST_ITEMS = 10
LONGEST_SUBJECT = 120
LONGEST_PREHEADER = 140
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Section(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    DISAGREEMENT = "disagreement"


@dataclass(frozen=True)
class Side:
    """One tool as the issue's table shows it."""

    name: str
    panel: str
    community: str
    entry: str


@dataclass(frozen=True)
class Item:
    """One thing that the issue says, with the address of the page that says it all.

    `icon` is 'ship', 'tie', 'split' or 'none'; `ship` names the tool of a 'ship'. `cause` is
    why the answer changed. `topics` are the categories whose readers get it.
    """

    section: Section
    path: str
    first: Side
    second: Side | None
    icon: str
    ship: str
    line: str
    reason: str = ""
    headline: str = ""
    cause: str = ""
    topics: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Names the item within its issue: 'new:/compare/a-vs-b/'."""
        return f"{self.section}:{self.path}"

    @property
    def title(self) -> str:
        return f"{self.first.name} vs {self.second.name}" if self.second else self.first.name

    @property
    def sides(self) -> tuple[Side, ...]:
        return (self.first, self.second) if self.second else (self.first,)


@dataclass(frozen=True)
class Digest:
    """The items of one issue in the order in which it says them; the first one leads.

    An issue keeps all of them, for readers with topics and for the editors; a `shortened` one
    has `left_out` those that do not fit.
    `dated_on` is the local day of the issue's slot. `answers` holds every published answer as it
    stood, keyed by comparison, for the next issue to tell what changed.
    """

    dated_on: dt.date
    items: tuple[Item, ...]
    left_out: int = 0
    intro: str = ""
    answers: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def lead(self) -> Item:
        return self.items[0]

    @property
    def path(self) -> str:
        """The public page of the issue."""
        return address("issue_detail", self.dated_on.isoformat())

    @property
    def subject(self) -> str:
        line = self.lead.line.removesuffix(".")
        said = f"{self.lead.title}: {line[:1].lower()}{line[1:]}"
        return Truncator(_one_line(said)).chars(LONGEST_SUBJECT)

    @property
    def preheader(self) -> str:
        """The first words that an inbox shows beside the subject."""
        first = self.lead.headline or self.lead.cause or self.lead.reason
        said = " ".join(part for part in (first, self.rest_words) if part)
        return Truncator(_one_line(said)).chars(LONGEST_PREHEADER)

    @property
    def rest_words(self) -> str:
        """'Also: 3 new verdicts, 1 changed answer.', or ''."""
        counts = [
            (Section.NEW, "new verdict", "new verdicts"),
            (Section.CHANGED, "changed answer", "changed answers"),
            (Section.DISAGREEMENT, "disagreement", "disagreements"),
        ]
        said = []
        for section, one, many in counts:
            count = sum(item.section == section for item in self.items[1:])
            if count:
                said.append(f"{count} {one if count == 1 else many}")
        return f"Also: {', '.join(said)}." if said else ""

    @property
    def paragraphs(self) -> list[str]:
        """The editors' intro."""
        return [part.strip() for part in self.intro.split("\n\n") if part.strip()]

    def after_lead(self, section: Section) -> tuple[Item, ...]:
        return tuple(item for item in self.items[1:] if item.section == section)

    @property
    def also_new(self) -> tuple[Item, ...]:
        return self.after_lead(Section.NEW)

    @property
    def changed(self) -> tuple[Item, ...]:
        return self.after_lead(Section.CHANGED)

    @property
    def disagreements(self) -> tuple[Item, ...]:
        return self.after_lead(Section.DISAGREEMENT)

    @property
    def topics(self) -> frozenset[int]:
        """The categories that this issue has something for."""
        return frozenset(topic for item in self.items for topic in item.topics)

    def for_topics(self, topics: Collection[int]) -> Digest | None:
        """What readers of these categories get; all for an empty collection; None if nothing."""
        if not topics:
            return self
        kept = tuple(item for item in self.items if set(item.topics) & set(topics))
        return replace(self, items=kept) if kept else None

    @property
    def shortened(self) -> Digest:
        """As a mail or a page says it: the first ten items, and how many more there are."""
        rest = self.items[MOST_ITEMS:]
        return replace(self, items=self.items[:MOST_ITEMS], left_out=len(rest))

    def arranged(self, *, keys: Sequence[str] = (), intro: str = "") -> Digest:
        """With the editors' intro, and the named items first in the named order."""
        places = {key: place for place, key in enumerate(keys)}
        items = sorted(self.items, key=lambda item: places.get(item.key, len(places)))
        return replace(self, items=tuple(items), intro=intro.strip())

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; without `answers`, which the issue keeps in one of their own."""
        return {
            "dated_on": self.dated_on.isoformat(),
            "intro": self.intro,
            "items": [asdict(item) for item in self.items],
        }

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Digest:
        return cls(
            dated_on=dt.date.fromisoformat(stored["dated_on"]),
            intro=stored["intro"],
            items=tuple(_item(each) for each in stored["items"]),
        )


def _one_line(text: str) -> str:
    """Without line ends and control characters, which a header must not hold."""
    return " ".join(CONTROLS.sub(" ", text).split())


def _item(stored: dict[str, Any]) -> Item:
    second = stored["second"]
    return Item(
        **stored
        | {
            "section": Section(stored["section"]),
            "first": Side(**stored["first"]),
            "second": Side(**second) if second else None,
            "topics": tuple(stored["topics"]),
        }
    )
