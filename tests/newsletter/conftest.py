"""Committed rows for the sender, which works on a session of its own; a relay; a week."""

import pytest

from newsletter.models import Switch
from tests.newsletter.sink import running_sink
from tests.newsletter.stage import committed_rows
from tests.newsletter.week import DAY, SLOT


@pytest.fixture
def committed_db(django_db_setup, django_db_blocker):
    """A database whose commits are real. Afterwards the invariants hold and our rows are gone."""
    with django_db_blocker.unblock(), committed_rows():
        yield


@pytest.fixture
def relay(settings, tmp_path):
    """Starts a relay with faults, to which the settings then lead: `relay(later_once=0.02)`."""
    running = []

    def start(**faults):
        context = running_sink(tmp_path, **faults)
        sink = context.__enter__()
        running.append(context)
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "", False, False
        return sink

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def installed(db):
    """Long before the week of the tests."""
    Switch.load(now=SLOT)
    Switch.objects.update(installed_at=SLOT - 30 * DAY)


@pytest.fixture
def unused_limits(settings):
    """Nobody has signed up yet, as far as the counters know."""
    settings.CACHES = settings.CACHES | {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    from django.core.cache import cache

    cache.clear()
