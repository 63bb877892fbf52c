from django.db import migrations

# A price that has changed is a new row. Losing its source (SET NULL) is the one update allowed.
APPEND_ONLY = """
create function price_point_is_never_changed() returns trigger language plpgsql as $$
begin
    raise exception 'price points are append-only: add a new dated row'
        using errcode = 'restrict_violation';
end $$;
create trigger price_point_is_never_changed before update on tools_pricepoint
for each row when (
    (old.tool_id, old.label, old.amount, old.currency, old.unit, old.effective_on, old.basis, old.note)
    is distinct from
    (new.tool_id, new.label, new.amount, new.currency, new.unit, new.effective_on, new.basis, new.note)
) execute function price_point_is_never_changed();
"""
EDITABLE = """
drop trigger price_point_is_never_changed on tools_pricepoint;
drop function price_point_is_never_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("tools", "0001_initial")]

    operations = [migrations.RunSQL(APPEND_ONLY, EDITABLE)]
