from django.db import migrations

# A delivery's row is written three times and a lease's two hundred times: room on the page
# keeps their new versions beside the old ones.
ROOM = """
alter table newsletter_delivery set (fillfactor = 70);
alter table newsletter_lease set (fillfactor = 50);
"""

# What readers get is fixed from the moment an issue leaves the draft. An edition may still be
# added until the sending begins (a reader chose topics that nobody had), never changed.
WORDS = """
create function newsletter_issue_is_fixed() returns trigger language plpgsql as $$
begin
    raise exception 'an issue is not changed once it is scheduled'
        using errcode = 'restrict_violation';
end $$;
create trigger newsletter_issue_is_fixed before update on newsletter_issue for each row
when (old.state <> 'draft' and old.contents <> '{}' and
    (new.subject, new.intro, new.item_order, new.contents, new.answers,
     new.made_at, new.slot_on)
    is distinct from
    (old.subject, old.intro, old.item_order, old.contents, old.answers,
     old.made_at, old.slot_on))
execute function newsletter_issue_is_fixed();

create function newsletter_edition_is_fixed() returns trigger language plpgsql as $$
begin
    raise exception 'an edition is never changed'
        using errcode = 'restrict_violation';
end $$;
create trigger newsletter_edition_is_fixed before update on newsletter_edition
for each row execute function newsletter_edition_is_fixed();

create function newsletter_edition_comes_before_the_sending() returns trigger
language plpgsql as $$
begin
    if exists (select from newsletter_issue where id = new.issue_id and audience is not null) then
        raise exception 'an issue that is being sent gets no further edition'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger newsletter_edition_comes_before_the_sending before insert on newsletter_edition
for each row execute function newsletter_edition_comes_before_the_sending();

create function newsletter_sent_stays_sent() returns trigger language plpgsql as $$
begin
    raise exception 'a sent delivery stays sent'
        using errcode = 'restrict_violation';
end $$;
create trigger newsletter_sent_stays_sent before update on newsletter_delivery for each row
when (old.state = 3 and new.state <> 3) execute function newsletter_sent_stays_sent();
"""
LOOSE = """
drop trigger newsletter_sent_stays_sent on newsletter_delivery;
drop function newsletter_sent_stays_sent();
drop trigger newsletter_edition_comes_before_the_sending on newsletter_edition;
drop function newsletter_edition_comes_before_the_sending();
drop trigger newsletter_edition_is_fixed on newsletter_edition;
drop function newsletter_edition_is_fixed();
drop trigger newsletter_issue_is_fixed on newsletter_issue;
drop function newsletter_issue_is_fixed();
"""

# Nothing is sent for a slot before this moment, and nothing on another database than this one.
INSTALL = """
insert into newsletter_switch (id, stop, installed_at, database_identity)
select 1, false, now(), system_identifier || '/' ||
    (select oid::text from pg_database where datname = current_database())
from pg_control_system()
on conflict do nothing;
"""


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0003_issues")]

    operations = [
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunSQL(WORDS, LOOSE),
        migrations.RunSQL(INSTALL, migrations.RunSQL.noop),
    ]
