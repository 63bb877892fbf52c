"""What is erased of voters: at their own request, and by the calendar."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import connection, transaction

from votes.models import AuditEntry, Pick, Salt, Vote

SALT_DAYS = 2
HASH_DAYS = 7
# A held vote keeps its hashes until it is decided on, but no longer than this.
HELD_HASH_DAYS = 30
# A cookie lives a year: by then it is dead.
VOTER_DAYS = 396


@transaction.atomic
def forget_voter(voter_id: uuid.UUID, *, now: dt.datetime) -> int:
    """Delete all that is kept of this voter; the audit keeps only how much it was."""
    forgotten = 0
    for model in (Vote, Pick):
        papers = model.objects.of_voter(voter_id).locked()
        model.tallies.about({paper.subject for paper in papers}).locked()
        model.objects.filter(pk__in=[paper.pk for paper in papers]).delete()
        forgotten += len(papers)
    if forgotten:
        AuditEntry.objects.create(
            at=now,
            actor="the reader",
            action=AuditEntry.Action.FORGOTTEN,
            votes=forgotten,
        )
    return forgotten


def erase_expired(*, now: dt.datetime) -> None:
    """Salts after two days, hashes after a week, and voters when their cookie is dead."""
    today = now.astimezone(dt.UTC).date()
    Salt.objects.made_before(today - dt.timedelta(days=SALT_DAYS - 1)).delete()
    with connection.cursor() as cursor:
        for table in (Vote._meta.db_table, Pick._meta.db_table):
            cursor.execute(
                ERASE_HASHES.format(table=table),
                [now - dt.timedelta(days=HASH_DAYS), now - dt.timedelta(days=HELD_HASH_DAYS)],
            )
            cursor.execute(
                ERASE_VOTERS.format(table=table), [now - dt.timedelta(days=VOTER_DAYS)] * 2
            )


ERASE_HASHES = """
UPDATE {table} SET net_hash = NULL, agent_hash = NULL
WHERE created_at < %s AND (status <> 1 OR decision_id IS NOT NULL OR created_at < %s)
  AND (net_hash IS NOT NULL OR agent_hash IS NOT NULL)
"""
# A voter is a hash of version 5; a random version 4 in its place says that it is done.
ERASE_VOTERS = """
UPDATE {table} SET voter = gen_random_uuid()
WHERE created_at < %s AND changed_at < %s AND substr(voter::text, 15, 1) = '5'
"""
