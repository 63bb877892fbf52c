from django.db import migrations

WORDING = (
    "Send me the new verdicts by email, once a week. Nothing is sent until I confirm the address "
    "by mail. Every issue has a link that ends it with one press. There are no tracking pixels "
    "and no tracked links, and the address is used for nothing else."
)


def add_wording(apps, schema_editor):
    apps.get_model("newsletter", "ConsentText").objects.create(version=1, body=WORDING)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0002_consent_is_append_only")]

    operations = [migrations.RunPython(add_wording, migrations.RunPython.noop)]
