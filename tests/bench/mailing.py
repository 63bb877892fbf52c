"""Sends a real issue to a sink and prints what it took, as JSON.

`python -m tests.bench.mailing READERS SECONDS ROUNDS SAMPLE` grows the database to so many
subscribers, freezes an issue for them, then lets the sender and raw smtplib take turns of so many
seconds at one sink, and at last sends SAMPLE mails to see whether memory stays flat.
"""

from __future__ import annotations

import json
import os
import smtplib
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter.growth import grow_subscribers  # noqa: E402
from newsletter.leases import own_session  # noqa: E402
from newsletter.models import Issue, Subscriber  # noqa: E402
from newsletter.moulds import Cast, Mould  # noqa: E402
from newsletter.queue import Queue  # noqa: E402
from newsletter.sender import send_slice  # noqa: E402
from newsletter.slots import WEEK, week_at  # noqa: E402
from newsletter.smtp import Relay  # noqa: E402
from newsletter.weekly import draft_of, freeze, make_ready  # noqa: E402
from tests.newsletter.sink import running_sink  # noqa: E402
from tools.models import Comparison  # noqa: E402

NOWHERE = Path(os.devnull)


def frozen_issue(readers: int) -> tuple[Issue, float]:
    """An issue for so many subscribers, and the seconds that its freeze took."""
    now = timezone.now()
    grow_subscribers(readers - Subscriber.objects.count(), now=now, progress=lambda *_: None)
    Comparison.objects.update(publish_at=now)
    monday = week_at(now)
    while Issue.objects.of_week(monday):
        monday -= WEEK
    issue = draft_of(monday)
    make_ready(issue, now=timezone.now())
    begun = time.monotonic()
    freeze(issue, now=timezone.now())
    seconds = time.monotonic() - begun
    Issue.objects.filter(pk=issue.pk).update(send_by=now + WEEK)
    return issue, seconds


def issue_with_readers_left(readers: int) -> Issue:
    """The issue being sent, or another one once most of its readers have theirs."""
    issue = Issue.objects.sending().latest("pk")
    if issue.deliveries.open().count() < readers / 2:
        issue, _ = frozen_issue(readers)
    return issue


def sample_message(issue: Issue) -> bytes:
    edition = issue.editions.get(topics=[])
    return Mould.of(bytes(edition.message)).cast(
        Cast("reader-1@example.org", "i1.0123456789abcdef", "u" * 35, "p" * 35)
    )


def by_smtplib(message: bytes, seconds: float) -> float:
    """Mails a second: the same bytes over one kept connection, nothing kept of it."""
    sent = 0
    with smtplib.SMTP("127.0.0.1", settings.EMAIL_PORT) as smtp:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            smtp.sendmail("letter@verdicts.example", ["reader-1@example.org"], message)
            sent += 1
        return sent / (time.monotonic() - begun)


def by_sender(seconds: float, *, readers: int, pipelining: bool = True) -> float:
    """Mails a second of the real sender, from its first look at the queue to its last commit."""
    issue = issue_with_readers_left(readers)
    opened = Relay.__init__
    if not pipelining:

        def plain(self: Relay, smtp: smtplib.SMTP) -> None:
            opened(self, smtp)
            self.pipelines = False

        Relay.__init__ = plain  # type: ignore[method-assign]
    try:
        begun = time.monotonic()
        over = begun + seconds
        report = send_slice(issue_id=issue.pk, should_stop=lambda: time.monotonic() > over)
        return report.sent / (time.monotonic() - begun)
    finally:
        Relay.__init__ = opened  # type: ignore[method-assign]


def by_commits(seconds: float) -> float:
    """Commits a second of one small row: what the disk lets through."""
    with closing(own_session()) as session:
        count, begun = 0, time.monotonic()
        while time.monotonic() - begun < seconds:
            session.execute("update newsletter_switch set stop = false")
            count += 1
        return count / (time.monotonic() - begun)


@contextmanager
def timed_claims() -> Iterator[list[float]]:
    """Milliseconds of each claim made within the block."""
    claim, taken = Queue.claim, []

    def timed(self: Queue, **known: Any) -> Any:
        begun = time.perf_counter()
        try:
            return claim(self, **known)
        finally:
            taken.append(1000 * (time.perf_counter() - begun))

    Queue.claim = timed  # type: ignore[method-assign]
    try:
        yield taken
    finally:
        Queue.claim = claim  # type: ignore[method-assign]


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory_over(issue: Issue, sample: int) -> list[float]:
    """Megabytes after each tenth of so many mails."""
    found, sent = [], 0
    for tenth in range(1, 11):
        while sent < sample * tenth / 10:
            before = sent
            sent += send_slice(issue_id=issue.pk).sent
            assert sent > before, "the sender has stopped"
        found.append(resident())
    return found


def main() -> None:
    seconds = float(sys.argv[2])
    readers, rounds, sample = (int(sys.argv[at]) for at in (1, 3, 4))
    issue, freeze_seconds = frozen_issue(readers)
    message = sample_message(issue)
    contenders: dict[str, Callable[[], float]] = {
        "smtplib": lambda: by_smtplib(message, seconds),
        "sender": lambda: by_sender(seconds, readers=readers),
        "sender, not pipelined": lambda: by_sender(seconds, readers=readers, pipelining=False),
        "commits alone": lambda: by_commits(seconds),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    with running_sink(NOWHERE.parent, log=NOWHERE) as sink, timed_claims() as claims:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        by_smtplib(message, 0.5)
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                rates[name].append(contenders[name]())
        memory = memory_over(issue, sample) if sample else []
    print(
        json.dumps(
            {
                "audience": issue.audience,
                "bytes": len(message),
                "freeze": freeze_seconds,
                "rates": rates,
                "claim": statistics.median(claims),
                "memory": memory,
            }
        )
    )


if __name__ == "__main__":
    main()
