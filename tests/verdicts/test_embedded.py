"""The embedded servers: shared while somebody needs them, gone afterwards."""

from django.core.cache import cache
from django.db import connection

from verdicts import embedded


def test_the_site_runs_on_its_own_postgres(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone'), current_setting('listen_addresses')")
        assert cursor.fetchone() == ("UTC", "")


def test_the_site_runs_on_its_own_valkey():
    cache.set("tool", "Quill")
    assert cache.get("tool") == "Quill"


def test_a_second_attachment_keeps_the_servers_of_the_first(settings):
    with embedded.attach(settings.VAR_DIR):
        cache.set("tool", "Quill")
    assert cache.get("tool") == "Quill"
