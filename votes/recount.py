"""The proof of the tallies: every one equals a recount of the votes, and can be built anew."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import connection, transaction

from votes.models import AuditEntry

logger = logging.getLogger(__name__)


def differences() -> list[str]:
    """One line for each tally that is not what its votes say; empty when all are right."""
    with connection.cursor() as cursor:
        cursor.execute(_with_recounts(VOTES_THAT_DIFFER))
        votes = [
            f"tool {slug}: kept {ship} ship, {skip} skip, {held} held; "
            f"counted {real_ship} ship, {real_skip} skip, {real_held} held"
            for slug, ship, skip, held, real_ship, real_skip, real_held in cursor.fetchall()
        ]
        cursor.execute(_with_recounts(PICKS_THAT_DIFFER))
        picks = [
            f"pair {lower}, {higher}: kept {kept}, counted {counted} (first, second, neither, held)"
            for lower, higher, kept, counted in cursor.fetchall()
        ]
    return votes + picks


@transaction.atomic
def rebuild(*, actor: str, now: dt.datetime, is_in_order: bool = True) -> int:
    """Set every tally to what its votes say, leans in the order of the votes; how many differed.

    Out of order, each lean is what the counts alone say: for synthetic votes by the million.

    Nothing is cast meanwhile: votes wait for the lock, which the rebuild holds for seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE votes_vote, votes_pick, votes_tally, votes_picktally "
            "IN SHARE ROW EXCLUSIVE MODE"
        )
        wrong = len(differences())
        leans = LEANS_IN_ORDER if is_in_order else LEANS_AT_ONCE
        cursor.execute(_with_recounts(REBUILD_TALLIES, leans=leans))
        cursor.execute(_with_recounts(REBUILD_PICK_TALLIES))
    AuditEntry.objects.create(at=now, actor=actor, action=AuditEntry.Action.REBUILT, votes=wrong)
    return wrong


def prove() -> None:
    """Log what differs. The tallies are not healed by themselves: a difference is a bug."""
    for line in differences():
        logger.error("A tally is not what its votes say: %s", line)


def _with_recounts(statement: str, *, leans: str = "") -> str:
    return statement.format(
        recounted_votes=RECOUNTED_VOTES, recounted_picks=RECOUNTED_PICKS, leans=leans
    )


RECOUNTED_VOTES = """
SELECT tool_id,
       count(*) FILTER (WHERE status = 0 AND choice = 1) AS ships,
       count(*) FILTER (WHERE status = 0 AND choice = -1) AS skips,
       count(*) FILTER (WHERE status = 1 AND choice <> 0) AS held
FROM votes_vote GROUP BY tool_id
"""
RECOUNTED_PICKS = """
SELECT lower_id, higher_id,
       count(*) FILTER (WHERE status = 0 AND choice = 1) AS lower_picks,
       count(*) FILTER (WHERE status = 0 AND choice = 2) AS higher_picks,
       count(*) FILTER (WHERE status = 0 AND choice = 3) AS neither_picks,
       count(*) FILTER (WHERE status = 1 AND choice <> 0) AS held
FROM votes_pick GROUP BY lower_id, higher_id
"""
VOTES_THAT_DIFFER = """
SELECT tool.slug, coalesce(kept.ships, 0), coalesce(kept.skips, 0), coalesce(kept.held, 0),
       coalesce(real.ships, 0), coalesce(real.skips, 0), coalesce(real.held, 0)
FROM votes_tally AS kept FULL JOIN ({recounted_votes}) AS real USING (tool_id)
JOIN tools_tool AS tool ON tool.id = tool_id
WHERE (coalesce(kept.ships, 0), coalesce(kept.skips, 0), coalesce(kept.held, 0))
   <> (coalesce(real.ships, 0), coalesce(real.skips, 0), coalesce(real.held, 0))
ORDER BY tool.slug
"""
PICKS_THAT_DIFFER = """
SELECT lower.slug, higher.slug, told.kept, told.counted
FROM (
    SELECT lower_id, higher_id,
           ARRAY[coalesce(kept.lower_picks, 0), coalesce(kept.higher_picks, 0),
                 coalesce(kept.neither_picks, 0), coalesce(kept.held, 0)]::int[] AS kept,
           ARRAY[coalesce(real.lower_picks, 0), coalesce(real.higher_picks, 0),
                 coalesce(real.neither_picks, 0), coalesce(real.held, 0)]::int[] AS counted
    FROM votes_picktally AS kept FULL JOIN ({recounted_picks}) AS real USING (lower_id, higher_id)
) AS told
JOIN tools_tool AS lower ON lower.id = told.lower_id
JOIN tools_tool AS higher ON higher.id = told.higher_id
WHERE told.kept <> told.counted
ORDER BY lower.slug, higher.slug
"""
# A vote's place in the order is the moment since which its choice is what it is.
LEANS_IN_ORDER = """
SELECT tool_id, votes_lean(choice ORDER BY changed_at, id) AS lean
FROM votes_vote WHERE status = 0 AND choice <> 0 GROUP BY tool_id
"""
LEANS_AT_ONCE = """
SELECT tool_id, votes_lean_after('', sum((choice = 1)::int)::int, sum((choice = -1)::int)::int)
       AS lean
FROM votes_vote WHERE status = 0 AND choice <> 0 GROUP BY tool_id
"""
# What was counted once of networks and days stays: their hashes are gone.
REBUILD_TALLIES = """
INSERT INTO votes_tally AS kept
    (tool_id, ships, skips, held, lean, network_days, has_two_days, is_settled)
SELECT tool_id, ships, skips, held, coalesce(leaning.lean, ''), 0, false, false
FROM ({recounted_votes}) AS real
LEFT JOIN ({leans}) AS leaning USING (tool_id)
UNION ALL
SELECT tool_id, 0, 0, 0, '', 0, false, false FROM votes_tally AS kept
WHERE NOT EXISTS (SELECT FROM votes_vote WHERE tool_id = kept.tool_id)
ON CONFLICT (tool_id) DO UPDATE
SET ships = excluded.ships, skips = excluded.skips, held = excluded.held, lean = excluded.lean
"""
REBUILD_PICK_TALLIES = """
INSERT INTO votes_picktally AS kept
    (lower_id, higher_id, lower_picks, higher_picks, neither_picks, held,
     network_days, has_two_days, is_settled)
SELECT lower_id, higher_id, lower_picks, higher_picks, neither_picks, held, 0, false, false
FROM ({recounted_picks}) AS real
UNION ALL
SELECT lower_id, higher_id, 0, 0, 0, 0, 0, false, false FROM votes_picktally AS kept
WHERE NOT EXISTS (
    SELECT FROM votes_pick WHERE lower_id = kept.lower_id AND higher_id = kept.higher_id
)
ON CONFLICT (lower_id, higher_id) DO UPDATE
SET lower_picks = excluded.lower_picks, higher_picks = excluded.higher_picks,
    neither_picks = excluded.neither_picks, held = excluded.held
"""
