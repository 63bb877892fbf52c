"""The one statement that keeps a vote, and its twin for a pick.

Whoever presses twice at once still has one vote; an established voter, known by earlier counted
votes, is not held; a draft takes none. The tally follows by the database's own trigger.
"""

CAST = """
INSERT INTO {table} AS mine ({columns}, voter, choice, status, reason, changes,
                             created_at, changed_at, net_hash, agent_hash)
SELECT {values}, %(voter)s::uuid, %(choice)s::smallint, (judged.reason > 0)::int, judged.reason, 0,
       %(now)s::timestamptz, %(now)s::timestamptz, %(net_hash)s::bytea, %(agent_hash)s::bytea
FROM {tools},
     (SELECT CASE WHEN %(may_be_established)s::boolean AND (
          SELECT count(DISTINCT tool_id) >= %(established_tools)s::int
             AND count(DISTINCT (created_at AT TIME ZONE 'UTC')::date) >= %(established_days)s::int
          FROM votes_vote WHERE voter = %(voter)s::uuid AND status = 0 AND choice <> 0
      ) THEN 0 ELSE %(reason)s::smallint END AS reason) AS judged
ON CONFLICT ({columns_of_conflict}, voter) DO UPDATE
SET choice = excluded.choice,
    changes = CASE WHEN {changed_today} THEN mine.changes + 1 ELSE 1 END,
    changed_at = excluded.changed_at
WHERE mine.choice <> excluded.choice
  AND NOT ({changed_today} AND mine.changes >= %(most_changes)s::int)
"""
CHANGED_TODAY = (
    "(mine.changed_at AT TIME ZONE 'UTC')::date = (excluded.changed_at AT TIME ZONE 'UTC')::date"
)
CAST_VOTE = CAST.format(
    table="votes_vote",
    columns="tool_id",
    columns_of_conflict="tool_id",
    values="tool.id",
    tools="(SELECT id FROM tools_tool WHERE id = %(tool)s AND is_published) AS tool",
    changed_today=CHANGED_TODAY,
)
CAST_PICK = CAST.format(
    table="votes_pick",
    columns="lower_id, higher_id, shown_first",
    columns_of_conflict="lower_id, higher_id",
    values="lower.id, higher.id, %(shown_first)s::smallint",
    tools="(SELECT id FROM tools_tool WHERE id = %(first)s AND is_published) AS lower, "
    "(SELECT id FROM tools_tool WHERE id = %(second)s AND is_published) AS higher",
    changed_today=CHANGED_TODAY,
)
