"""The sender's promise under fire: workers killed at random, a relay that fails in every way.

    uv run python -m tests.newsletter.chaos [READERS] [KILLS]

runs it in full (20,000 readers, 60 kills) for each policy, and once more with Postgres itself
restarted three times instead of kills; test_chaos.py is the small run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = Path(__file__).resolve().parents[2]
FAULTS: dict[str, Any] = {
    "later_once": 0.02,
    "no_mailbox": 0.005,
    "dies_at_dot": 0.0005,
    "loses_reply": 0.0005,
    "busy_every": 300,
}


@dataclass(frozen=True)
class Outcome:
    """What readers got, and what the books say of it."""

    readers: int
    kills: int
    broken: int
    seconds: float
    duplicates: int
    lost: int
    lost_unknown: int
    refused: int
    ambiguous: int
    doubts: int  # how many mails were ambiguous at any time
    is_done: bool


def run_chaos(
    folder: Path, *, readers: int, kills: int, policy: str, workers: int = 4, every: float = 0.12
) -> Outcome:
    """Send one issue while workers are killed. Wants committed rows and an empty newsletter."""
    from django.db import connection

    from newsletter.message_keys import message_key
    from newsletter.models import Delivery, Issue, Subscriber
    from tests.factories import make_sending_issue
    from tests.newsletter.sink import running_sink

    people = make_readers(readers)
    issue = make_sending_issue(*people, ambiguous_policy=policy)
    faults = FAULTS | {"idempotent": policy == "idempotent"}
    watch_doubts()
    begun = time.monotonic()
    with running_sink(folder, **faults) as sink:
        crew = run_crew(
            issue=issue.pk,
            workers=workers,
            kills=kills,
            every=every,
            settings={
                "EMAIL_HOST": "127.0.0.1",
                "EMAIL_PORT": sink.port,
                "NEWSLETTER_CONNECTIONS": workers,
                "NEWSLETTER_AMBIGUOUS": policy,
                "MAIL_WEBHOOK_SECRET": "",
            },
        )
        accepted: Counter[str] = sink.accepted
    connection.close()  # Postgres may have been restarted meanwhile.
    issue.refresh_from_db()
    got = {
        person.pk: accepted[message_key(issue_id=issue.pk, subscriber_id=person.pk)]
        for person in people
    }
    missing = {pk for pk, copies in got.items() if not copies}
    rows = dict(issue.deliveries.values_list("subscriber", "state"))
    refused = {pk for pk in missing if rows[pk] == Delivery.State.FAILED}
    ambiguous = {pk for pk, state in rows.items() if state == Delivery.State.AMBIGUOUS}
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from chaos_doubt")
        doubts = cursor.fetchone()[0]
    assert Subscriber.objects.count() == readers
    return Outcome(
        readers=readers,
        kills=crew["killed"],
        broken=crew["broken"],
        seconds=round(time.monotonic() - begun, 1),
        duplicates=sum(copies - 1 for copies in got.values() if copies > 1),
        lost=len(missing - refused),
        lost_unknown=len(missing - refused - ambiguous),
        refused=len(refused),
        ambiguous=len(ambiguous),
        doubts=doubts,
        is_done=issue.state == Issue.State.DONE,
    )


def make_readers(count: int):
    """Confirmed readers in bulk, spread over many receivers."""
    from newsletter.addresses import email_key
    from newsletter.models import Subscriber
    from tests.factories import NOW

    made = []
    for number in range(count):
        email = f"reader-{number}@mail-{number % 997}.example"
        made.append(
            Subscriber(
                email=email,
                email_key=email_key(email),
                receiver=email.partition("@")[2],
                state=Subscriber.State.CONFIRMED,
                confirmed_at=NOW,
            )
        )
    return Subscriber.objects.bulk_create(made, batch_size=5000)


def watch_doubts() -> None:
    """Have the database note each mail that becomes ambiguous, whatever becomes of it then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("""
            drop table if exists chaos_doubt;
            create table chaos_doubt (subscriber bigint);
            create or replace function chaos_doubt() returns trigger language plpgsql as $$
            begin insert into chaos_doubt values (new.subscriber_id); return new; end $$;
            create or replace trigger chaos_doubt after update on newsletter_delivery
            for each row when (new.state = 6 and old.state <> 6) execute function chaos_doubt();
        """)


def stop_watching() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("""
            drop function if exists chaos_doubt() cascade;
            drop table if exists chaos_doubt;
        """)


def run_crew(**options) -> dict[str, int]:
    from django.db import connection

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.newsletter.crew",
            json.dumps(options | {"database": connection.settings_dict["NAME"]}),
        ],
        cwd=CODE,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    result: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    says = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m tests.newsletter.chaos", description=says)
    parser.add_argument("readers", nargs="?", type=int, default=20_000, help="(20000)")
    parser.add_argument("kills", nargs="?", type=int, default=60, help="in each run (60)")
    asked = parser.parse_args()
    from tests.newsletter.stage import own_database

    with own_database():
        print("policy      readers kills seconds duplicates lost unknown refused ambiguous doubts")  # noqa: T201
        for policy in ("hold", "resend", "idempotent"):
            report(policy, policy=policy, readers=asked.readers, kills=asked.kills)
        with restarts(of=3):
            report("restarts", policy="hold", readers=asked.readers, kills=0)


def report(name: str, *, policy: str, readers: int, kills: int) -> None:
    from tests.newsletter.stage import committed_rows

    with committed_rows(), tempfile.TemporaryDirectory() as folder:
        try:
            o = run_chaos(Path(folder), readers=readers, kills=kills, policy=policy)
        finally:
            stop_watching()
    print(  # noqa: T201
        f"{name:<11} {o.readers:>7} {o.kills:>5} {o.seconds:>7} {o.duplicates:>10}"
        f" {o.lost:>4} {o.lost_unknown:>7} {o.refused:>7} {o.ambiguous:>9} {o.doubts:>6}"
        f"{'' if o.is_done else '  NOT DONE'}",
        flush=True,
    )


@contextmanager
def restarts(*, of: int) -> Iterator[None]:
    """Postgres is shut down that often while the block runs; its keeper starts it again."""
    from django.db import connection

    from newsletter.models import Delivery

    over = threading.Event()

    def restart() -> None:
        for _ in range(of):
            before = sent(Delivery)
            while not over.wait(0.2) and sent(Delivery) <= before:
                pass
            [told] = Path(os.environ["VAR_DIR"]).rglob("postmaster.pid")
            os.kill(int(told.read_text().split()[0]), signal.SIGINT)
        connection.close()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def sent(deliveries: Any) -> int:
    """How many are sent; as many as before while Postgres is away."""
    from django.db import connection, utils

    try:
        return int(deliveries.objects.filter(state=deliveries.State.SENT).count())
    except utils.Error:
        connection.close()
        return 0


if __name__ == "__main__":
    main()
