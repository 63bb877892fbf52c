"""What the demo keeps running beside the embedded servers: the same programs as in production."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import Signals

from verdicts import web
from verdicts.supervisor import Program


def inbox(
    *, var: Path, mail: socket.socket, page: socket.socket, environment: Mapping[str, str]
) -> Program:
    """It inherits its listening sockets, so that it keeps its ports when it is started again."""
    listening = (mail.fileno(), page.fileno())
    return Program(
        name="inbox",
        command=[
            *(sys.executable, "-m", "verdicts.demo.inbox", str(var / "inbox")),
            *(str(number) for number in listening),
        ],
        environment=environment,
        inherited=listening,
    )


def site(*, host: str, port: int, environment: Mapping[str, str]) -> Program:
    return Program(name="web", command=web.command(host=host, port=port), environment=environment)


def worker(*, environment: Mapping[str, str]) -> Program:
    """One for all queues; the settings say how many processes it has."""
    return Program(
        name="worker",
        command=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "verdicts", "worker"),
            *("--loglevel", "WARNING"),
            *("--without-mingle", "--without-gossip", "--without-heartbeat"),
        ],
        # As root, Celery would warn of that in ten lines; this is a demo.
        environment={**environment, "PYTHONWARNINGS": "ignore:You're running the worker"},
        # Its pool would finish long tasks after a polite word, for nobody.
        orphaned=Signals.SIGKILL,
    )


def beat(*, var: Path, environment: Mapping[str, str]) -> Program:
    return Program(
        name="beat",
        command=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "verdicts", "beat"),
            *("--loglevel", "WARNING", "--schedule", str(var / "beat"), "--pidfile="),
        ],
        environment=environment,
    )
