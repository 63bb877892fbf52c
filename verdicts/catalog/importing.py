"""Import catalogue files: all of them or nothing, one at a time, every problem at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from reviews.models import Review
from tools.editorial import Editorial
from tools.models import Category, Comparison, FormerSlug, PricePoint, Source, Tool
from verdicts.catalog import references
from verdicts.catalog.changes import Changes
from verdicts.catalog.kept import Kept
from verdicts.catalog.plan import Plan
from verdicts.catalog.problems import CatalogError, Problem
from verdicts.catalog.reading import read
from verdicts.catalog.shape import Contents

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# The advisory lock that imports take one after the other; any number of our own.
IMPORT_LOCK = 0x0CA7A106
REASON = "import"
BATCH = 500


@dataclass(frozen=True)
class CatalogFile:
    """A file to import; of one that is too large, a byte more than the limit is enough."""

    name: str
    content: bytes


def changes_of(files: Sequence[CatalogFile], *, now: dt.datetime, drafts: bool = False) -> Changes:
    """What importing the files would change. Raises CatalogError with every problem."""
    return plan_of(files, now=now, drafts=drafts).changes


def import_catalog(
    files: Sequence[CatalogFile],
    *,
    now: dt.datetime,
    drafts: bool = False,
    by: User | None = None,
) -> Changes:
    """Import the files, or raise CatalogError with every problem and change nothing.

    `drafts` leaves new tools and comparisons as drafts; `by` stands in their history.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            plan = plan_of(files, now=now, drafts=drafts)
            save(plan, by=by)
    except IntegrityError as error:
        # An editor at the desk was quicker; the database says in which sentence.
        words = f"the catalogue changed during the import, try again ({constraint_of(error)})"
        raise CatalogError([Problem(files[0].name, 0, "", words)]) from error
    return plan.changes


def constraint_of(error: IntegrityError) -> str:
    """The broken constraint, whose name is a sentence."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return str(name or error).replace("_", " ")


def plan_of(files: Sequence[CatalogFile], *, now: dt.datetime, drafts: bool) -> Plan:
    contents, documents, problems = Contents(), [], list[Problem]()
    for file in files:
        try:
            document = read(file.name, file.content)
        except CatalogError as refused:
            problems += refused.problems
            continue
        documents.append(document)
        contents.add(document)
    kept = Kept.named_in(contents)
    references.check(contents, kept, today=timezone.localdate(now))
    problems += (problem for document in documents for problem in document.problems)
    if problems:
        raise CatalogError(problems)
    return Plan(contents, kept, now, drafts)


def save(plan: Plan, *, by: User | None) -> None:
    """Save the plan's rows, new ones in batches, each with its history."""
    history = {"default_user": by, "default_change_reason": REASON, "default_date": plan.now}

    def create(kind: type[models.Model]) -> None:
        bulk_create_with_history(plan.new(kind), kind, batch_size=BATCH, **history)

    for row in (*plan.new(Tool), *plan.new(Comparison), *plan.changed):
        if by is not None and isinstance(row, Editorial):
            row.note_writer(by=by, now=plan.now)
    create(Category)
    create(Source)
    for tool, slug in plan.renamed:
        with without_history(tool):
            tool.rename_slug(slug)
    new_tools = Tool.objects.bulk_create(plan.new(Tool), batch_size=BATCH)
    for tool, replacement in plan.replaced:
        tool.replaced_by = replacement
    Tool.objects.bulk_update(
        (tool for tool in new_tools if tool.replaced_by), ["replaced_by"], batch_size=BATCH
    )
    tool_history = Tool.history.bulk_history_create(new_tools, batch_size=BATCH, **history)
    save_sources(plan, tool_history)
    FormerSlug.objects.bulk_create(plan.new(FormerSlug), batch_size=BATCH)
    for row in plan.changed:
        note(row, by=by, now=plan.now)
        row.save()
    create(PricePoint)
    create(Review)
    create(Comparison)
    if by is not None:
        note_writer_of_dated_rows(plan, by=by)


def note_writer_of_dated_rows(plan: Plan, *, by: User) -> None:
    """Tools in which nothing changes but prices and reviews were written in all the same."""
    noted = {row.pk for row in (*plan.new(Tool), *plan.changed) if isinstance(row, Tool)}
    rows: list[Any] = [*plan.new(PricePoint), *plan.new(Review)]
    for tool in {row.tool_id: row.tool for row in rows if row.tool_id not in noted}.values():
        tool.note_writer(by=by, now=plan.now)
        note(tool, by=by, now=plan.now)
        tool.save()


def save_sources(plan: Plan, tool_history: list[Any]) -> None:
    """The sources of each tool; those of new tools in batches, and in their history too."""
    history_of = {row.id: row for row in tool_history}
    link, history_link = Tool.sources.through, Tool.history.model.sources.model
    links = []
    for tool, sources in plan.sources_of:
        if tool.pk in history_of:
            links += [link(tool=tool, source=source) for source in sources]
        else:
            with without_history(tool):
                tool.sources.set(sources)
    link.objects.bulk_create(links, batch_size=BATCH)
    history_link.objects.bulk_create(
        (
            history_link(
                id=row.pk, tool=row.tool, source=row.source, history=history_of[row.tool_id]
            )
            for row in links
        ),
        batch_size=BATCH,
    )


@contextmanager
def without_history(tool: Tool) -> Iterator[None]:
    """The tool is saved again below, with one row of history for all that changes in it."""
    tool.skip_history_when_saving = True  # type: ignore[attr-defined]
    yield
    del tool.skip_history_when_saving  # type: ignore[attr-defined]


def note(row: Any, *, by: User | None, now: dt.datetime) -> None:
    """What simple-history writes beside the next save."""
    row._history_user, row._history_date, row._change_reason = by, now, REASON
