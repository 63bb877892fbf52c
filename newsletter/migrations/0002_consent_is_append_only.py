from django.db import migrations

# The proof of consent is written once. Only newsletter_forget_events, which erasing a reader
# calls, may empty or remove lines, and only those of the one reader whom it names to the trigger.
APPEND_ONLY = """
create function newsletter_consent_is_append_only() returns trigger language plpgsql as $$
begin
    if current_setting('newsletter.forgetting', true) is distinct from old.subscriber_id::text then
        raise exception 'the proof of consent is append-only'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create trigger newsletter_consent_is_append_only
before update or delete on newsletter_consentevent
for each row execute function newsletter_consent_is_append_only();

create function newsletter_forget_events(reader bigint, entirely boolean) returns void
language plpgsql as $$
begin
    perform set_config('newsletter.forgetting', reader::text, true);
    if entirely then
        delete from newsletter_consentevent where subscriber_id = reader;
    else
        update newsletter_consentevent set page = '', network = '', agent = ''
        where subscriber_id = reader;
    end if;
    perform set_config('newsletter.forgetting', '', true);
end $$;

create function newsletter_wording_is_never_changed() returns trigger language plpgsql as $$
begin
    raise exception 'a consent text is never changed: add a new version'
        using errcode = 'restrict_violation';
end $$;
create trigger newsletter_wording_is_never_changed
before update or delete on newsletter_consenttext
for each row execute function newsletter_wording_is_never_changed();
"""
EDITABLE = """
drop trigger newsletter_wording_is_never_changed on newsletter_consenttext;
drop function newsletter_wording_is_never_changed();
drop function newsletter_forget_events(bigint, boolean);
drop trigger newsletter_consent_is_append_only on newsletter_consentevent;
drop function newsletter_consent_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0001_initial")]

    operations = [migrations.RunSQL(APPEND_ONLY, EDITABLE)]
