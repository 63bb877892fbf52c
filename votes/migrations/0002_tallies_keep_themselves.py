"""The database keeps the tallies, whoever writes votes: the site, the admin, a shell, a cascade."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("0002_tallies_keep_themselves.sql")


class Migration(migrations.Migration):

    dependencies = [("votes", "0001_initial")]

    operations = [
        migrations.RunSQL(
            SQL.read_text(),
            reverse_sql="""
            DROP TRIGGER vote_keeps_its_tally ON votes_vote;
            DROP TRIGGER pick_keeps_its_tally ON votes_pick;
            DROP TRIGGER audit_is_append_only ON votes_auditentry;
            DROP FUNCTION votes_keep_tally, votes_keep_pick_tally, votes_refuse_change;
            DROP AGGREGATE votes_lean (int);
            DROP FUNCTION votes_lean_step, votes_lean_of, votes_lean_after;
            DROP TYPE votes_leaning;
            """,
        )
    ]
