from django.db import migrations

PANEL = [
    {
        "slug": "builder",
        "name": "The Builder",
        "lens": "Looks for a clean primitive, and at how it feels to build on.",
        "question": "Is it a clean primitive, and how does it feel to build on?",
        "position": 1,
    },
    {
        "slug": "skeptic",
        "name": "The Skeptic",
        "lens": "Looks for what it competes with and where it breaks.",
        "question": "What does it compete with, where does it break, and what ends it?",
        "position": 2,
    },
    {
        "slug": "futurist",
        "name": "The Futurist",
        "lens": "Looks for the checkable bet it makes on the future.",
        "question": "Which checkable bet on the future does it make?",
        "position": 3,
    },
    {
        "slug": "founder",
        "name": "The Founder",
        "lens": "Looks at the buyer, the invoice and the moat.",
        "question": "Who buys it, is the price honest, and where is the moat?",
        "position": 4,
    },
]

# A changed verdict is a new row that supersedes the old one.
APPEND_ONLY = """
create function review_is_never_changed() returns trigger language plpgsql as $$
begin
    raise exception 'reviews are append-only: write a new dated one'
        using errcode = 'restrict_violation';
end $$;
create trigger review_is_never_changed before update on reviews_review
for each row when (
    (old.tool_id, old.reviewer_id, old.verdict, old.summary, old.text, old.written_on)
    is distinct from
    (new.tool_id, new.reviewer_id, new.verdict, new.summary, new.text, new.written_on)
) execute function review_is_never_changed();
"""
EDITABLE = """
drop trigger review_is_never_changed on reviews_review;
drop function review_is_never_changed();
"""


def seat_the_panel(apps, schema_editor):
    Reviewer = apps.get_model("reviews", "Reviewer")
    Reviewer.objects.bulk_create(Reviewer(**persona) for persona in PANEL)


def dismiss_the_panel(apps, schema_editor):
    apps.get_model("reviews", "Reviewer").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [
        migrations.RunPython(seat_the_panel, dismiss_the_panel),
        migrations.RunSQL(APPEND_ONLY, EDITABLE),
    ]
