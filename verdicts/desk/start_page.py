"""The desk's first page: what is due, what waits, what has gone stale, what went wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from newsletter.models import Issue
from newsletter.watch import trouble_reported
from tools.models import Comparison, Correction, Tool
from verdicts.desk.recheck import ANY, Recheck, due, due_for
from votes.models import HeldVote, Pick, Vote

SHOWN = 6


@dataclass(frozen=True)
class Line:
    """One thing in a block."""

    label: str
    address: str
    detail: str = ""


@dataclass(frozen=True)
class Block:
    """One heading of the page. `address` leads to the list of the rows that it counts."""

    title: str
    count: int
    address: str = ""
    lines: tuple[Line, ...] = ()
    # What stands there when there is nothing to do.
    nothing: str = "Nothing."


def blocks(user: User, *, now: dt.datetime) -> list[Block]:
    """What this user may see, in the order in which a day goes. As many queries for any size."""
    made: dict[type[Model], list[Callable[[dt.datetime], Iterator[Block]]]] = {
        Comparison: [due_today, waiting, drafts],
        Tool: [waiting_tools, draft_tools, recheck],
        Correction: [corrections],
        HeldVote: [held_votes],
        Issue: [next_issue, problems],
    }
    return [
        block
        for model, makers in made.items()
        if admin.site.is_registered(model) and user.has_perm(permission_to_view(model))
        for make in makers
        for block in make(now)
    ]


def permission_to_view(model: type[Model]) -> str:
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def due_today(now: dt.datetime) -> Iterator[Block]:
    today = Comparison.objects.due_today(now=now).with_tools().order_by("publish_at")
    later = Comparison.objects.scheduled(now=now).count()
    yield Block(
        title="Due today",
        count=today.count(),
        address=listing("tools_comparison", "state=today"),
        lines=tuple(
            Line(str(one), change(one), date_format(timezone.localtime(one.publish_at), "H:i"))
            for one in today[:SHOWN]
        ),
        nothing=f"Nothing more today. Scheduled for later: {later}.",
    )


def waiting(now: dt.datetime) -> Iterator[Block]:
    yield waiting_block("Comparisons", Comparison.objects.waiting().with_tools())


def waiting_tools(now: dt.datetime) -> Iterator[Block]:
    yield waiting_block("Tools", Tool.objects.waiting())


def waiting_block(what: str, rows: QuerySet[Comparison] | QuerySet[Tool]) -> Block:
    asked = rows.select_related("submitted_by").order_by("submitted_at")[:SHOWN]
    return Block(
        title=f"{what} waiting for a second pair of eyes",
        count=rows.count(),
        address=listing(rows.model._meta.label_lower.replace(".", "_"), "state=waiting"),
        lines=tuple(Line(str(one), change(one), why_it_waits(one)) for one in asked),
        nothing="Nobody waits.",
    )


def why_it_waits(one: Comparison | Tool) -> str:
    verb = "asked for" if one.is_draft else "changed in public"
    return f"{verb} by {one.submitted_by or 'somebody'}"


def drafts(now: dt.datetime) -> Iterator[Block]:
    yield draft_block("comparison", Comparison.objects.drafts().with_tools())


def draft_tools(now: dt.datetime) -> Iterator[Block]:
    yield draft_block("tool", Tool.objects.drafts())


def draft_block(what: str, rows: QuerySet[Comparison] | QuerySet[Tool]) -> Block:
    latest = rows.select_related("edited_by").order_by("-id")[:SHOWN]
    return Block(
        title=f"Drafts of {what}s",
        count=rows.count(),
        address=listing(f"tools_{what}", "state=draft"),
        lines=tuple(
            Line(str(one), change(one), one.wanted_change or f"by {one.edited_by or 'a file'}")
            for one in latest
        ),
        nothing=f"No {what} is being written.",
    )


def recheck(now: dt.datetime) -> Iterator[Block]:
    today = timezone.localdate(now)
    yield Block(
        title="Due for a re-check",
        count=due(on=today).count(),
        address=listing("tools_tool", f"recheck={ANY}"),
        lines=tuple(
            Line(reason.words, listing("tools_tool", f"recheck={reason.value}"), str(found))
            for reason in Recheck
            if (found := due_for(reason, on=today).count())
        ),
        nothing="Every price and verdict is fresh.",
    )


def corrections(now: dt.datetime) -> Iterator[Block]:
    unpublished = Correction.objects.drafts().with_pages()
    if count := unpublished.count():
        yield Block(
            title="Corrections to publish",
            count=count,
            address=listing("tools_correction", "published_at__isnull=True"),
            lines=tuple(Line(str(one), change(one), one.wrong) for one in unpublished[:SHOWN]),
        )


def held_votes(now: dt.datetime) -> Iterator[Block]:
    held = Vote.objects.undecided().count() + Pick.objects.undecided().count()
    yield Block(
        title="Held votes",
        count=held,
        address=listing("votes_heldvote"),
        nothing="No vote is held.",
    )


def next_issue(now: dt.datetime) -> Iterator[Block]:
    to_come = Issue.objects.to_come()
    yield Block(
        title="Next issue of the email",
        count=to_come.count(),
        address=listing("newsletter_issue", "state__in=draft,ready"),
        lines=tuple(
            Line(str(issue), change(issue), issue.get_state_display()) for issue in to_come[:SHOWN]
        ),
        nothing="The next one is made when its week begins.",
    )


def problems(now: dt.datetime) -> Iterator[Block]:
    lines = [
        Line(str(issue), change(issue), f"{issue.get_state_display()}: {issue.reason}".rstrip(": "))
        for issue in Issue.objects.stopped()[:SHOWN]
    ]
    if latest := Issue.objects.latest_begun():
        lines += troubles_of(latest, now=now)
    yield Block(title="Last problems", count=len(lines), lines=tuple(lines), nothing="None.")


def troubles_of(issue: Issue, *, now: dt.datetime) -> Iterator[Line]:
    """Failed and doubtful sends of the latest issue, and its bounces when over the line."""
    books = issue.books(now=now)
    if books.failed:
        there = reverse("admin:newsletter_issue_failed", args=[issue.pk])
        yield Line(f"Failed sends of {issue}", there, str(books.failed))
    if books.ambiguous:
        there = reverse("admin:newsletter_issue_ambiguous", args=[issue.pk])
        yield Line(f"May have been sent: {issue}", there, str(books.ambiguous))
    if trouble := trouble_reported(issue):
        query = f"issue__id__exact={issue.pk}&kind__exact={trouble.kind}"
        there = listing("newsletter_mailevent", query)
        yield Line(
            f"{trouble.kind.label.capitalize()}, over the line: {issue}", there, f"{trouble}"
        )


def listing(model: str, query: str = "") -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{query}" if query else address


def change(one: Comparison | Tool | Correction | Issue) -> str:
    return reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])
