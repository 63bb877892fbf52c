"""Worker processes that a test can kill: each ticks and sends, as beat and Celery make them do.

    python -m tests.newsletter.crew OPTIONS

A parent without a database connection forks them, kills some with SIGKILL, replaces those, and
ends when the issue is done, or a worker was told to end. OPTIONS is JSON: database, settings,
issue, workers, kills, every.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import random
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
# What a crew may take at most, in seconds; it is no measure of anything.
PATIENCE = 300


def work(issue_id: int) -> None:
    from django.utils import timezone

    from newsletter.models import Issue
    from newsletter.sender import send_slice
    from newsletter.weekly import tick

    while Issue.objects.get(pk=issue_id).state != Issue.State.DONE:
        tick(now=timezone.now())
        report = send_slice(issue_id=issue_id)
        if report.was_told_to_end:
            return
        if not report.sent:
            time.sleep(0.05)


def fork(issue_id: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            work(issue_id)
            status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def lead(*, issue_id: int, workers: int, kills: int, every: float) -> dict[str, int]:
    """Kill `kills` random workers, one every so many seconds; what came of it."""
    crew = {fork(issue_id) for _ in range(workers)}
    killed = broken = 0
    over, next_kill = time.monotonic() + PATIENCE, time.monotonic() + every
    while time.monotonic() < over:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            crew.discard(pid)
            if status == 0:
                break
            if os.WIFEXITED(status):
                broken += 1
                time.sleep(0.2)  # its database may be on its way back
            crew.add(fork(issue_id))
        elif killed < kills and time.monotonic() >= next_kill:
            os.kill(random.choice(sorted(crew)), signal.SIGKILL)
            killed += 1
            next_kill += every
        else:
            time.sleep(0.005)
    for pid in crew:
        os.kill(pid, signal.SIGTERM)
    for pid in crew:
        os.waitpid(pid, 0)
    return {"killed": killed, "broken": broken}


def main() -> None:
    options = json.loads(sys.argv[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = options["database"]
    for name, value in options["settings"].items():
        setattr(settings, name, value)
    import django

    django.setup()
    from newsletter import sender

    # A greylisted reader is tried again within the run.
    sender.BACK_OFF = [dt.timedelta(seconds=1)]
    sender.LONGEST_WAIT = 1
    result = lead(
        issue_id=options["issue"],
        workers=options["workers"],
        kills=options["kills"],
        every=options["every"],
    )
    print(json.dumps(result), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
