"""The process that keeps the embedded servers: `python -m verdicts.embedded.keeper VAR TEMPORARY`.

Started by `lease.attach` with two open files: 3, the lock under which servers are started, and 4,
where it tells 'ready' or what went wrong. It ends when nobody holds a lease any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from verdicts.embedded.lease import CannotStartError
from verdicts.embedded.locks import lock
from verdicts.embedded.servers import (
    Site,
    forget,
    postgres,
    postgres_answers,
    prepare,
    valkey,
    valkey_answers,
)
from verdicts.supervisor import Supervisor

STARTING, TELL = 3, 4
LONGEST_START = 60.0


def main() -> None:
    var, is_temporary = Path(sys.argv[1]), sys.argv[2] == "1"
    # The servers start in our folder, and their account may not be able to enter the caller's.
    os.chdir("/")
    # Nor read what root writes for it with a strict umask; what is private lies in private folders.
    os.umask(0o022)
    for number in (STARTING, TELL):
        os.set_inheritable(number, False)
    keeper = lock(var / "keeper.lock", fcntl.LOCK_EX)
    try:
        asyncio.run(keep(var, is_temporary=is_temporary))
    except CannotStartError as error:
        say(str(error))
        tell(str(error))
        sys.exit(1)
    finally:
        # Before holders.lock, which goes with the process: whoever gets that one next must
        # not take this keeper for a living one.
        os.close(keeper)


async def keep(var: Path, *, is_temporary: bool) -> None:
    # The servers inherit this lock: having it means that those of a killed keeper are gone.
    servers = await until_gone(var)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    supervisor = Supervisor(say=say)
    try:
        site = prepare(var, is_temporary=is_temporary)
        await supervisor.keep(postgres(site, servers))
        await supervisor.keep(valkey(site, servers))
        await until(lambda: postgres_answers(site), "Postgres", site)
        await until(lambda: valkey_answers(site), "Valkey", site)
        tell("ready")
        os.close(STARTING)
        threading.Thread(
            target=wait_for_the_last,
            args=(var, lambda: loop.call_soon_threadsafe(ended.set)),
            daemon=True,
        ).start()
        await ended.wait()
    finally:
        await supervisor.end()
        if is_temporary:
            forget(var)


def wait_for_the_last(var: Path, then: Callable[[], object]) -> None:
    """Blocks in the kernel until no process holds a lease; new ones wait until we are gone."""
    with suppress(FileNotFoundError):
        lock(var / "holders.lock", fcntl.LOCK_EX)
    then()


def say(line: str) -> None:
    """One line in the keeper's log, which is its output."""
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")
    sys.stdout.flush()


def tell(word: str) -> None:
    with suppress(BrokenPipeError):
        os.write(TELL, word.encode())
    os.close(TELL)


async def until_gone(var: Path) -> int:
    deadline = time.monotonic() + LONGEST_START
    while True:
        try:
            return lock(var / "servers.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotStartError(f"servers of an earlier run still use {var}") from None
            await asyncio.sleep(0.05)


async def until(answers: Callable[[], bool], name: str, site: Site) -> None:
    deadline = time.monotonic() + LONGEST_START
    while not answers():
        if time.monotonic() > deadline:
            log = site.var / "log" / f"{name.lower()}.log"
            raise CannotStartError(f"{name} did not start in {LONGEST_START:g} s; see {log}")
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    main()
