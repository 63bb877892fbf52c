"""What there is to say: new comparisons, changed answers, where panel and readers part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from newsletter.digest import Digest, Item, Section, Side
from reviews.history import EventKind
from reviews.standing import Standing
from reviews.verdict import Answer, Kind, Verdict, verdicts_on
from tools.models import Comparison, Tool

# Before the first issue nothing was said: it reaches back this far.
FIRST_REACHES_BACK = dt.timedelta(days=7)


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
    since = since or now - FIRST_REACHES_BACK
    items = [
        *(_item_on(each, Section.NEW) for each in verdicts if _is_new(each, since=since)),
        *_changed(verdicts, since=since, before=before),
        *_disagreements(verdicts, before=before),
    ]
    if not items:
        return None
    return Digest(
        dated_on=dated_on,
        items=tuple(items),
        answers=answers_of(verdicts),
    )


def answers_of(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Every answer as it stands, and which tools panel and readers disagree on."""
    answers: dict[str, Any] = {}
    for verdict in verdicts:
        answer = verdict.answer
        answers[_key(verdict)] = {
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


def _is_new(verdict: Verdict, *, since: dt.datetime) -> bool:
    """Published since: for the first time, or again after it was taken back."""
    publish_at = _comparison_of(verdict).publish_at
    assert publish_at is not None
    return publish_at > since


def _changed(
    verdicts: Iterable[Verdict], *, since: dt.datetime, before: Mapping[str, Any]
) -> Iterator[Item]:
    for verdict in verdicts:
        said, answer = before.get(_key(verdict)), verdict.answer
        if not said or _is_new(verdict, since=since):
            continue
        if (said["kind"], said["tool"]) != (str(answer.kind), _id(answer.tool)):
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
    answer = verdict.answer
    return Item(
        section=section,
        path=_comparison_of(verdict).get_absolute_url(),
        first=_side(verdict.first),
        second=_side(verdict.second),
        icon=answer.icon,
        ship=answer.tool.name if answer.tool else "",
        line=str(answer.line),
        reason=_reason(answer),
        headline=verdict.headline,
        topics=tuple(sorted({each.tool.category_id for each in verdict.standings})),
    )


def _comparison_of(verdict: Verdict) -> Comparison:
    """What is mailed is a published pair; two tools that nobody paired are for the pages alone."""
    assert verdict.comparison is not None
    return verdict.comparison


def _key(verdict: Verdict) -> str:
    """Under which `answers` keeps it."""
    return str(_comparison_of(verdict).pk)


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
