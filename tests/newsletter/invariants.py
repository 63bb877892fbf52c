"""What holds of issues and deliveries at any moment, each as SQL that finds what breaks it."""

from django.db import connection

INVARIANTS = {
    "I1: one row per issue and reader": """
        select issue_id, subscriber_id from newsletter_delivery
        group by 1, 2 having count(*) > 1""",
    "I2: the audience is the number of rows": """
        select i.id, i.audience from newsletter_issue i where totals is null and audience <>
            (select count(*) from newsletter_delivery d where d.issue_id = i.id)""",
    "I3: what is in hand is under an open lease": """
        select d.* from newsletter_delivery d left join newsletter_lease l on l.id = d.lease_id
        where d.state = 1 and (l.id is null or l.closed_at is not null)""",
    "I4: nothing is sent beyond its lease's cursor": """
        select d.* from newsletter_delivery d join newsletter_lease l on l.id = d.lease_id
        where d.state in (3, 6) and d.subscriber_id > l.pos""",
    "I5: a waiting row has let go of its lease": """
        select * from newsletter_delivery where state = 0 and lease_id is not null""",
    "I6: the books balance": """
        select i.id from newsletter_issue i where totals is null and audience is not null
        and audience <> (select count(*) filter (where state between 0 and 6)
                         from newsletter_delivery d where d.issue_id = i.id)""",
    "I7: done means that nothing is left to try": """
        select d.* from newsletter_delivery d join newsletter_issue i on i.id = d.issue_id
        where i.state = 'done' and d.state in (0, 1, 2)""",
    "I8: an edition's bytes are those made ready": """
        select id from newsletter_edition where sha256 <> sha256(message)""",
    "I9: nobody is sent to who had left before the claim": """
        select d.* from newsletter_delivery d
        join newsletter_subscriber s on s.id = d.subscriber_id
        join newsletter_lease l on l.id = d.lease_id
        where d.state = 3 and s.ended_at < l.opened_at""",
}


def assert_invariants() -> None:
    with connection.cursor() as cursor:
        for claim, query in INVARIANTS.items():
            cursor.execute(query)
            broken = cursor.fetchall()
            assert not broken, f"{claim}: {broken[:5]}"
