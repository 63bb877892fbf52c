"""The desk's first page: what is due, what waits, what has gone stale, what went wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from newsletter.models import Issue
from tools.models import Comparison, Correction, Tool
from verdicts.desk.recheck import Recheck, due_for
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
    """One heading of the page. `address` leads to the whole list."""

    title: str
    count: int
    address: str
    lines: tuple[Line, ...] = ()
    # What stands there when there is nothing to do.
    nothing: str = "Nothing."


def blocks(user: User, *, now: dt.datetime) -> list[Block]:
    """What this user may see, in the order in which a day goes. As many queries for any size."""
    made: dict[type[Model], list[Callable[[dt.datetime], Iterator[Block]]]] = {
        Comparison: [due_today, waiting, drafts],
        Tool: [recheck],
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
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    scheduled = Comparison.objects.scheduled(now=now).with_tools().order_by("publish_at")
    today = scheduled.filter(publish_at__lt=midnight + dt.timedelta(days=1))
    later = scheduled.count()
    yield Block(
        title="Due today",
        count=today.count(),
        address=listing("tools_comparison", "state=scheduled"),
        lines=tuple(
            Line(str(one), change(one), date_format(timezone.localtime(one.publish_at), "H:i"))
            for one in today[:SHOWN]
        ),
        nothing=f"Nothing more today. Scheduled for later: {later}.",
    )


def waiting(now: dt.datetime) -> Iterator[Block]:
    comparisons = Comparison.objects.waiting().with_tools().select_related("submitted_by")
    tools = Tool.objects.waiting().select_related("submitted_by")
    asked = sorted(
        [*comparisons.order_by("submitted_at")[:SHOWN], *tools.order_by("submitted_at")[:SHOWN]],
        key=lambda one: one.submitted_at or now,
    )
    yield Block(
        title="Waiting for a second pair of eyes",
        count=comparisons.count() + tools.count(),
        address=listing("tools_comparison", "state=waiting"),
        lines=tuple(
            Line(str(one), change(one), f"asked for by {one.submitted_by or 'somebody'}")
            for one in asked[:SHOWN]
        ),
        nothing="Nobody waits.",
    )


def drafts(now: dt.datetime) -> Iterator[Block]:
    comparisons = Comparison.objects.drafts().with_tools().select_related("edited_by")
    yield Block(
        title="Drafts of comparisons",
        count=comparisons.count(),
        address=listing("tools_comparison", "state=draft"),
        lines=tuple(
            Line(str(one), change(one), one.wanted_change or f"by {one.edited_by or 'a file'}")
            for one in comparisons.order_by("-id")[:SHOWN]
        ),
        nothing="No comparison is being written.",
    )
    tools = Tool.objects.drafts().select_related("edited_by")
    yield Block(
        title="Drafts of tools",
        count=tools.count(),
        address=listing("tools_tool", "is_published__exact=0"),
        lines=tuple(
            Line(str(one), change(one), one.wanted_change or f"by {one.edited_by or 'a file'}")
            for one in tools.order_by("-id")[:SHOWN]
        ),
        nothing="No tool is being written.",
    )


def recheck(now: dt.datetime) -> Iterator[Block]:
    today = timezone.localdate(now)
    lines = []
    for reason in Recheck:
        if found := due_for(reason, on=today).count():
            address = listing("tools_tool", f"recheck={reason.value}")
            lines.append(Line(reason.words, address, str(found)))
    yield Block(
        title="Due for a re-check",
        count=sum(int(line.detail) for line in lines),
        address=lines[0].address if lines else listing("tools_tool"),
        lines=tuple(lines),
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
    issue = Issue.objects.to_come().first()
    lines = (Line(str(issue), change(issue), issue.get_state_display()),) if issue else ()
    yield Block(
        title="Next issue of the email",
        count=len(lines),
        address=listing("newsletter_issue"),
        lines=lines,
        nothing="The next one is made when its week begins.",
    )


def problems(now: dt.datetime) -> Iterator[Block]:
    lines = [
        Line(str(issue), change(issue), f"{issue.get_state_display()}: {issue.reason}".rstrip(": "))
        for issue in Issue.objects.stopped()[:SHOWN]
    ]
    if latest := Issue.objects.latest_begun():
        books = latest.books(now=now)
        for count, words in ((books.failed, "failed"), (books.ambiguous, "may have been sent")):
            if count:
                lines.append(Line(str(latest), change(latest), f"{count} {words}"))
    yield Block(
        title="Last problems",
        count=len(lines),
        address=listing("newsletter_issue"),
        lines=tuple(lines),
        nothing="None.",
    )


def listing(model: str, query: str = "") -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{query}" if query else address


def change(one: Comparison | Tool | Correction | Issue) -> str:
    return reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])
