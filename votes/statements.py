"""The one statement that keeps a vote, and its twin for a pick: it finds the tool and writes.

Whoever presses twice at once still has one vote; an established voter, known by earlier counted
votes, is not held; a draft takes none. It answers with the tool, or with nothing where there is
no published one. The tally follows by the database's own trigger.
"""

CAST = """
WITH subject AS ({subject}),
judged AS (
    SELECT CASE WHEN %(may_be_established)s::boolean AND (
        SELECT count(DISTINCT tool_id) >= %(established_tools)s::int
           AND count(DISTINCT (created_at AT TIME ZONE 'UTC')::date) >= %(established_days)s::int
        FROM votes_vote WHERE voter = %(voter)s::uuid AND status = 0 AND choice <> 0
    ) THEN 0 ELSE %(reason)s::smallint END AS reason
),
kept AS (
    INSERT INTO {table} AS mine ({columns}, voter, choice, status, reason, changes,
                                 created_at, changed_at, net_hash, agent_hash)
    SELECT {values}, %(voter)s::uuid, {choice}, (reason > 0)::int, reason, 0,
           %(now)s::timestamptz, %(now)s::timestamptz, %(net_hash)s::bytea, %(agent_hash)s::bytea
    FROM subject, judged
    ON CONFLICT (voter, {conflict}) DO UPDATE
    SET choice = excluded.choice,
        changes = CASE WHEN {changed_today} THEN mine.changes + 1 ELSE 1 END,
        changed_at = excluded.changed_at
    WHERE mine.choice <> excluded.choice
      AND NOT ({changed_today} AND mine.changes >= %(most_changes)s::int)
)
SELECT {answer} FROM subject
"""
CHANGED_TODAY = (
    "(mine.changed_at AT TIME ZONE 'UTC')::date = (excluded.changed_at AT TIME ZONE 'UTC')::date"
)
CAST_VOTE = CAST.format(
    table="votes_vote",
    subject="SELECT id, name FROM tools_tool WHERE slug = %(slug)s AND is_published",
    columns="tool_id",
    conflict="tool_id",
    values="id",
    choice="%(choice)s::smallint",
    answer="id, name",
    changed_today=CHANGED_TODAY,
)
# In the table a pair is kept by id: 1 is the lower one, 2 the higher, 3 neither.
CAST_PICK = CAST.format(
    table="votes_pick",
    subject="SELECT first.id AS first_id, first.name AS first_name, second.id AS second_id, "
    "second.name AS second_name, first.id < second.id AS is_lower_first "
    "FROM tools_tool AS first, tools_tool AS second "
    "WHERE first.slug = %(first)s AND second.slug = %(second)s "
    "AND first.is_published AND second.is_published AND first.id <> second.id",
    columns="lower_id, higher_id, shown_first",
    conflict="lower_id, higher_id",
    values="least(first_id, second_id), greatest(first_id, second_id), "
    "CASE WHEN is_lower_first THEN 1 ELSE 2 END",
    choice="CASE %(choice)s WHEN 'neither' THEN 3 "
    "WHEN 'first' THEN CASE WHEN is_lower_first THEN 1 ELSE 2 END "
    "ELSE CASE WHEN is_lower_first THEN 2 ELSE 1 END END",
    answer="first_id, first_name, second_id, second_name",
    changed_today=CHANGED_TODAY,
)
