"""The demo's life: start everything, say where it is, start again what dies, end everything."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import http.client
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from verdicts import embedded
from verdicts.demo import notes, prepare, programs
from verdicts.embedded.lease import is_kept, wait_until_ended
from verdicts.embedded.locks import lock
from verdicts.environment import BASE_DIR, text
from verdicts.supervisor import Program, Supervisor, kill_group, start

INBOX_PORT, MAIL_PORT = 8025, 1025
LONGEST_START = 120.0


class CannotRunError(Exception):
    """The demo cannot run; the message says why, in one line."""


async def run(*, var: Path, host: str, port: int, is_empty: bool) -> None:
    """Until a signal, or the end of the `uv run` that started it, ends everything.

    Raises CannotRunError.
    """
    with (
        only_one(var),
        listener(host, port) as site,
        listener("127.0.0.1", MAIL_PORT, or_another=True) as mail,
        listener("127.0.0.1", INBOX_PORT, or_another=True) as inbox,
    ):
        # The web server listens by itself.
        site_port = port_of(site)
        site.close()
        supervisor = Supervisor(say=say)
        stop = told_to_stop()
        life = asyncio.create_task(
            live(
                supervisor,
                var=var,
                host=host,
                port=site_port,
                mail=mail,
                inbox=inbox,
                is_empty=is_empty,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({life, stopping}, return_when=asyncio.FIRST_COMPLETED)
        say("Ending ...")
        stopping.cancel()
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life


async def live(
    supervisor: Supervisor,
    *,
    var: Path,
    host: str,
    port: int,
    mail: socket.socket,
    inbox: socket.socket,
    is_empty: bool,
) -> None:
    """Everything, until it is cancelled."""
    environment = environment_of(site=port, mail=port_of(mail))
    notes.note(var, {name: environment[name] for name in ("SITE_URL", "EMAIL_URL")})
    say("Starting Postgres and Valkey ...")
    servers = await asyncio.to_thread(Servers, var)
    is_ready = False
    try:
        await prepared(environment, is_empty=is_empty)
        say("Starting the site ...")
        await supervisor.keep(
            programs.inbox(var=var, mail=mail, page=inbox, environment=environment)
        )
        await supervisor.keep(programs.site(host=host, port=port, environment=environment))
        await answered(host, port, environment["SITE_URL"])
        await supervisor.keep(programs.worker(environment=environment))
        await supervisor.keep(programs.beat(var=var, environment=environment))
        is_ready = True
        say(f"Staff login: user {prepare.STAFF}, password {prepare.staff_password(var)}")
        say(f"Inbox of the mail that it sends: http://127.0.0.1:{port_of(inbox)}/")
        say(f"Ready: http://{reachable(host)}:{port}/")
        await servers.watched()
    finally:
        # A web server that is still starting would miss a polite signal.
        await supervisor.end(politely=is_ready)
        await asyncio.to_thread(servers.give_back)


class Servers:
    """The embedded servers, attached to as long as the demo lives."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._log = var / "log" / "keeper.log"
        self._lease = attached(var)
        self._read = self._log.stat().st_size

    async def watched(self) -> None:
        """Says what the keeper says, and starts another when it is gone; never returns."""
        while True:
            await asyncio.sleep(0.5)
            with self._log.open() as log:
                log.seek(self._read)
                for line in log:
                    say(line.rstrip())
                self._read = log.tell()
            if not is_kept(self._var):
                say("The embedded servers ended; starting them again")
                self._lease.give_back()
                self._lease = await asyncio.to_thread(attached, self._var)

    def give_back(self) -> None:
        self._lease.give_back()
        wait_until_ended(self._var)


def attached(var: Path) -> embedded.Lease:
    try:
        return embedded.attach(var)
    except embedded.CannotStartError as error:
        raise CannotRunError(f"The embedded servers cannot start: {error}.") from error


async def prepared(environment: Mapping[str, str], *, is_empty: bool) -> None:
    """Migrates and loads in a process of its own, which tells its progress."""
    process = await start(
        Program(
            name="prepare",
            command=[
                *(sys.executable, "-m", "verdicts.demo.prepare"),
                *(["--empty"] if is_empty else []),
            ],
            environment=environment,
        ),
        output=sys.stdout.fileno(),
    )
    try:
        if await process.wait():
            raise CannotRunError("The demo could not be prepared; what went wrong stands above.")
    finally:
        kill_group(process.pid)


async def answered(host: str, port: int, site_url: str) -> None:
    """Returns when the home page answers."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST_START
    while not await asyncio.to_thread(has_home_page, host, port, site_url):
        if loop.time() > deadline:
            raise CannotRunError(f"The site did not answer within {LONGEST_START:g} s.")
        await asyncio.sleep(0.05)


def has_home_page(host: str, port: int, site_url: str) -> bool:
    connection = http.client.HTTPConnection(reachable(host), port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/", headers={"Host": urlsplit(site_url).netloc})
        return connection.getresponse().status < 400
    return False


def environment_of(*, site: int, mail: int) -> dict[str, str]:
    """The environment's own settings, and the demo's where there are none."""
    own = {
        "SITE_URL": text("SITE_URL", f"http://127.0.0.1:{site}"),
        "EMAIL_URL": text("EMAIL_URL", f"smtp://127.0.0.1:{mail}"),
        "PYTHONPATH": str(BASE_DIR),
        "PYTHONUNBUFFERED": "1",
    }
    # Django sets TZ for itself; the programs read TIME_ZONE as we did.
    return {name: value for name, value in os.environ.items() if name != "TZ"} | own


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Refuses a second demo on the same `var/`, for as long as the first lives."""
    try:
        descriptor = lock(var / "demo.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        where = notes.noted(var).get("SITE_URL", "")
        raise CannotRunError(f"A demo already runs on {var}: {where}") from None
    try:
        yield
    finally:
        os.close(descriptor)


def listener(host: str, port: int, *, or_another: bool = False) -> socket.socket:
    """Listens on the port; 0 stands for any."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
        return socket.create_server((str(address[0]), port), family=family)
    except (OSError, OverflowError) as error:
        if or_another:
            return listener(host, 0)
        why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise CannotRunError(
            f"Cannot listen on {host}:{port} ({why}). Choose another with --port."
        ) from error


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def reachable(host: str) -> str:
    """Where this machine reaches what listens on that host."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def told_to_stop() -> asyncio.Event:
    """Set by Ctrl-C, by the usual signals, and by the end of the `uv` that runs us."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        if Path(f"/proc/{parent}/exe").readlink().name == "uv":
            ended = os.pidfd_open(parent)
            loop.add_reader(ended, stop.set)
    return stop


def say(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
