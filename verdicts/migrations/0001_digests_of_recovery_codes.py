"""Recovery codes that stood as they are become their digests, and go on to work."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from django.db import migrations


def keep_digests(apps, schema_editor):
    for token in apps.get_model("otp_static", "StaticToken").objects.all():
        digest = urlsafe_b64encode(sha256(token.token.encode()).digest()).decode()
        token.token = digest[:16]
        token.save(update_fields=["token"])


class Migration(migrations.Migration):
    dependencies = [("otp_static", "0003_add_timestamps")]
    operations = [migrations.RunPython(keep_digests, migrations.RunPython.noop)]
