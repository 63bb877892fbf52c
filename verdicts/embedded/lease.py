"""Attaching to the embedded servers: a lock that the kernel gives back when its holder dies.

Every process that uses the servers holds `holders.lock` shared. The keeper, a process of its own,
waits to have it alone: then nobody is left, and it ends the servers.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path
from types import TracebackType

from verdicts.embedded.locks import lock, locked

CODE = Path(__file__).resolve().parent.parent.parent


class CannotStartError(Exception):
    """The embedded servers did not start; the message says why, in one line."""


class Lease:
    """Keeps the servers running until it is given back, or the process that holds it is gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def give_back(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.give_back()


def attach(var: Path, *, temporary: bool = False) -> Lease:
    """The servers of this `var/`, started if need be, until the lease is given back.

    Temporary servers are quick and forgetful: `var/` itself is removed with them.
    Raises CannotStartError.
    """
    var = var.resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
        # Waits while a keeper that nobody needed any more is ending its servers.
        lease = Lease(lock(var / "holders.lock", fcntl.LOCK_SH))
        with locked(var / "start.lock") as starting:
            if not is_kept(var):
                _start_keeper(var, starting=starting, temporary=temporary)
    except PermissionError as error:
        raise CannotStartError(f"{error.filename} belongs to another user") from error
    return lease


def is_kept(var: Path) -> bool:
    """Whether a keeper lives."""
    try:
        os.close(lock(var / "keeper.lock", fcntl.LOCK_SH | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def wait_until_ended(var: Path) -> None:
    """Waits for the servers' end; not if somebody else is attached to them."""
    for _ in range(10):
        time.sleep(0.05)
        # Waits for as long as the keeper has the lock alone, which is how it ends the servers.
        os.close(lock(var / "holders.lock", fcntl.LOCK_SH))
        if not is_kept(var):
            return


def _start_keeper(var: Path, *, starting: int, temporary: bool) -> None:
    """Starts the keeper in a session of its own and waits for its word.

    It inherits the lock under which servers are started and gives it back when they answer, so
    that nobody starts a second keeper even if this process dies meanwhile.
    """
    hear, tell = os.pipe()
    # Out of the way of the numbers that they get in the keeper.
    given = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10) for number in (starting, tell)]
    log = var / "log" / "keeper.log"
    log.parent.mkdir(exist_ok=True)
    try:
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "verdicts.embedded.keeper", str(var), str(int(temporary))],
            {**os.environ, "PYTHONPATH": str(CODE)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, given[0], 3),
                (os.POSIX_SPAWN_DUP2, given[1], 4),
            ],
            setsid=True,
        )
    finally:
        for number in (*given, tell):
            os.close(number)
    with open(hear) as pipe:
        word = pipe.read().strip()
    if word != "ready":
        raise CannotStartError(word or f"the embedded servers ended at once; see {log}")
