"""What a week's issue says: new comparisons, answers that changed, where panel and readers part.

A digest is a value of plain text and numbers: an issue stores it as JSON, and mail, text
and archive page are made from it alone, so that the same digest makes the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator

from reviews.history import EventKind
from reviews.standing import Standing
from reviews.verdict import Answer, Kind, Verdict, verdicts_on
from tools.models import Comparison, Tool

# What a reader can take in; the rest is a link away.
MOST_ITEMS = 10
LONGEST_SUBJECT = 120
LONGEST_PREHEADER = 140
# Before the first issue nothing was said: it reaches back this far.
FIRST_REACHES_BACK = dt.timedelta(days=7)


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
        return f"/newsletter/issues/{self.dated_on.isoformat()}/"

    @property
    def subject(self) -> str:
        line = self.lead.line.removesuffix(".")
        said = f"{self.lead.title}: {line[:1].lower()}{line[1:]}"
        return Truncator(said).chars(LONGEST_SUBJECT)

    @property
    def preheader(self) -> str:
        """The first words that an inbox shows beside the subject."""
        first = self.lead.headline or self.lead.cause or self.lead.reason
        said = " ".join(part for part in (first, self.rest_words) if part)
        return Truncator(said).chars(LONGEST_PREHEADER)

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
        return replace(self, items=kept, left_out=0) if kept else None

    def arranged(self, *, keys: Sequence[str] = (), intro: str = "") -> Digest:
        """With the editors' intro, and the named items first in the named order."""
        places = {key: place for place, key in enumerate(keys)}
        items = sorted(self.items, key=lambda item: places.get(item.key, len(places)))
        return replace(self, items=tuple(items), intro=intro.strip())

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; without `answers`, which the issue keeps in one of their own."""
        return {
            "dated_on": self.dated_on.isoformat(),
            "left_out": self.left_out,
            "intro": self.intro,
            "items": [asdict(item) for item in self.items],
        }

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Digest:
        return cls(
            dated_on=dt.date.fromisoformat(stored["dated_on"]),
            left_out=stored["left_out"],
            intro=stored["intro"],
            items=tuple(_item(each) for each in stored["items"]),
        )


def digest_for(
    *,
    dated_on: dt.date,
    since: dt.datetime | None,
    before: Mapping[str, Any],
    now: dt.datetime,
) -> Digest | None:
    """What there is to say at `now` that was not said before; None when there is nothing.

    `since` is the hour at which the last issue's digest was made, `before` its `answers`;
    None and {} when there was none yet. As many queries for one comparison as for a thousand.
    """
    comparisons = Comparison.objects.published(now=now).with_tools().newest_first()
    verdicts = verdicts_on(comparisons, now=now)
    reaches_back_to = since or now - FIRST_REACHES_BACK
    items = [
        *_new(verdicts, since=reaches_back_to),
        *_changed(verdicts, since=reaches_back_to, before=before),
        *_disagreements(verdicts, before=before),
    ]
    if not items:
        return None
    return Digest(
        dated_on=dated_on,
        items=tuple(items[:MOST_ITEMS]),
        left_out=len(items[MOST_ITEMS:]),
        answers=answers_of(verdicts),
    )


def answers_of(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Every answer as it stands, and which tools panel and readers disagree on."""
    answers: dict[str, Any] = {}
    for verdict in verdicts:
        assert verdict.comparison is not None
        answer = verdict.answer
        answers[str(verdict.comparison.pk)] = {
            "kind": str(answer.kind),
            "tool": _id(answer.tool),
            "panel_tool": _id(answer.panel_tool),
            "readers_tool": _id(answer.readers_tool),
            "line": str(answer.line),
            "panel_reason": str(answer.panel_reason),
            "readers_reason": str(answer.readers_reason),
            "disagreements": [each.tool.pk for each in verdict.standings if each.disagreement],
        }
    return answers


def _new(verdicts: Iterable[Verdict], *, since: dt.datetime) -> Iterator[Item]:
    for verdict in verdicts:
        assert verdict.comparison is not None
        assert verdict.comparison.publish_at is not None
        if verdict.comparison.publish_at > since:
            yield _item_on(verdict, Section.NEW)


def _changed(
    verdicts: Iterable[Verdict], *, since: dt.datetime, before: Mapping[str, Any]
) -> Iterator[Item]:
    for verdict in verdicts:
        assert verdict.comparison is not None
        said = before.get(str(verdict.comparison.pk))
        answer = verdict.answer
        if said and (said["kind"], said["tool"]) != (str(answer.kind), _id(answer.tool)):
            item = _item_on(verdict, Section.CHANGED)
            yield replace(item, cause=_cause(verdict, said, since=since))


def _disagreements(verdicts: Iterable[Verdict], *, before: Mapping[str, Any]) -> Iterator[Item]:
    """Tools on which panel and readers have come to disagree since; at the first issue, none."""
    known = {pk for said in before.values() for pk in said["disagreements"]}
    if not before:
        return
    for verdict in verdicts:
        for standing in verdict.standings:
            if standing.disagreement and standing.tool.pk not in known:
                known.add(standing.tool.pk)
                yield Item(
                    section=Section.DISAGREEMENT,
                    path=standing.tool.get_absolute_url(),
                    first=_side(standing),
                    second=None,
                    icon="split",
                    ship="",
                    line=f"{standing.disagreement}.",
                    topics=(standing.tool.category_id,),
                )


def _item_on(verdict: Verdict, section: Section) -> Item:
    assert verdict.comparison is not None
    answer = verdict.answer
    return Item(
        section=section,
        path=verdict.comparison.get_absolute_url(),
        first=_side(verdict.first),
        second=_side(verdict.second),
        icon=answer.icon,
        ship=answer.tool.name if answer.tool else "",
        line=str(answer.line),
        reason=_reason(answer),
        headline=verdict.headline,
        topics=tuple(sorted({each.tool.category_id for each in verdict.standings})),
    )


def _reason(answer: Answer) -> str:
    """Why, in a sentence or two: what the page says under the answer."""
    if answer.reason:
        return f"{answer.reason[:1].upper()}{answer.reason[1:]}."
    if answer.deciding:
        return str(answer.deciding)
    return str(answer.panel_reason) if answer.kind is Kind.NONE else ""


def _side(standing: Standing) -> Side:
    panel, share = standing.panel, standing.community
    votes = f", {share.votes} votes" if share.is_scored else ""
    return Side(
        name=standing.tool.name,
        panel=f"{panel.percent}%, {panel.count_words}" if panel.is_judged else panel.count_words,
        community=f"{share.short}{votes}",
        entry=standing.prices.entry_words,
    )


def _cause(verdict: Verdict, said: Mapping[str, Any], *, since: dt.datetime) -> str:
    """The one line that says why the answer is another one than `said`."""
    answer = verdict.answer
    if said["panel_tool"] != _id(answer.panel_tool):
        kinds = {EventKind.VERDICT, EventKind.REVIEW}
        day = timezone.localdate(since)
        happened = [e for e in verdict.events if e.kind in kinds and e.on >= day]
        minds = [event for event in happened if event.kind is EventKind.VERDICT]
        if minds:
            latest, more = minds[0], len(minds) - 1
            said_more = f" {more} more verdict{'s' if more > 1 else ''} changed." if more else ""
            return f"{latest.text} Was {latest.before}, now {latest.after}.{said_more}"
        if happened:
            return str(happened[0].text)
        return str(answer.panel_reason)
    if said["readers_tool"] != _id(answer.readers_tool):
        return f"Readers: {_inside(str(answer.readers_reason))}"
    return str(answer.deciding or answer.panel_reason)


def _inside(words: str) -> str:
    return words[:1].lower() + words[1:]


def _id(tool: Tool | None) -> int | None:
    return tool.pk if tool else None


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
