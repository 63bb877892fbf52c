"""The stage of a benchmark: servers to measure, a load to put on them, and goals."""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from tests.bench import client
from verdicts import embedded, web
from verdicts.embedded.lease import is_kept

CODE = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ["verdicts/demo/catalog.yaml"]
IN_THE_CATALOGUE = 24
COLLECT = "import django; django.setup(); from verdicts import static; static.collect()"
CONNECTIONS = 32
WORKERS = 2
PATIENCE = 120.0

Headers = Mapping[str, str]
Rates = dict[str, list[float]]


@dataclass(frozen=True)
class Goal:
    """What was measured beside what was asked for."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def __str__(self) -> str:
        asked = f"at least {self.least:g}" if self.least is not None else ""
        if self.most is not None:
            asked = f"at most {self.most:g}"
        verdict = ("ok    " if self.is_met else "MISSED") if asked else "      "
        return f"  {verdict}  {self.value:>9.3f}  {asked:<15} {self.what}"


Bench = Callable[["Stage"], list[Goal]]
BENCHES: dict[str, Bench] = {}


def bench(name: str) -> Callable[[Bench], Bench]:
    """Registers a benchmark under the name that the command takes."""

    def register(measure: Bench) -> Bench:
        BENCHES[name] = measure
        return measure

    return register


@dataclass(frozen=True)
class Target:
    """One contender of a comparison: an address, and what is said in asking for it."""

    url: str
    headers: Headers = field(default_factory=dict)
    # A wrk script, for what is more than the same GET again.
    script: Path | None = None


class Stage:
    """Embedded servers and web servers that live as long as the run."""

    def __init__(self, *, seconds: float, rounds: int, stored: int) -> None:
        self.seconds = seconds
        self.rounds = rounds
        self.stored = stored
        self.ends = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="verdicts-bench-"))
        # As root the servers' unprivileged account must reach its files in there.
        self.folder.chmod(0o711)
        self.sites: dict[str, Site] = {}

    def __enter__(self) -> Self:
        lease = embedded.attach(self.folder)
        self.ends.callback(forget, self.folder, lease)
        return self

    def __exit__(self, *error: object) -> None:
        self.ends.close()

    # --- Servers --------------------------------------------------------------------------

    def site(self, *, tools: int, votes: int = 0) -> Site:
        """The site, served as in production, with a database of its own, so full."""
        name = f"bench_{tools}_{votes}"
        if name not in self.sites:
            self.sites[name] = Site.grown(name, tools=tools, votes=votes, stage=self)
        return self.sites[name]

    def serve(self, application: str, environment: Mapping[str, str]) -> str:
        """Starts the web server with this application; its address."""
        port = free_port()
        process = subprocess.Popen(
            web.command(application, port=port, workers=WORKERS),
            cwd=CODE,
            env=os.environ | dict(environment),
            start_new_session=True,
        )
        self.ends.callback(stop, process)
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process)
        return url

    # --- Load -----------------------------------------------------------------------------

    def compare(self, contenders: Mapping[str, Target]) -> Rates:
        """Requests a second of each, round by round, every round in another order."""
        rates: Rates = {name: [] for name in contenders}
        names = list(contenders)
        for name in names:
            rate(contenders[name], seconds=0.5)
        for number in range(self.rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                rates[name].append(rate(contenders[name], seconds=self.seconds))
        for name, found in rates.items():
            low, high = min(found), max(found)
            middle = statistics.median(found)
            print(f"  {middle:>10,.0f} a second  ({low:,.0f} to {high:,.0f})  {name}")
        return rates


@dataclass(frozen=True)
class Site:
    """A database of its own, and the web server on it."""

    url: str
    environment: dict[str, str]

    @classmethod
    def grown(cls, name: str, *, tools: int, votes: int, stage: Stage) -> Site:
        addresses = embedded.addresses(stage.folder)
        server = addresses.database_url.rpartition("/")[0]
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        number = len(stage.sites) + 1
        environment = {
            **embedded.secrets(stage.folder),
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(stage.folder),
            "DATABASE_URL": f"{server}/{name}",
            "REDIS_URL": addresses.redis_url.replace("?db=0", f"?db={number}"),
            "SITE_URL": "http://127.0.0.1:8000",
            "ALLOWED_HOSTS": "127.0.0.1",
            "EMAIL_URL": "smtp://127.0.0.1:8025",
            "DEFAULT_FROM_EMAIL": "Verdicts <letter@verdicts.example>",
            "PUBLISHER_NAME": "The publisher",
            "PUBLISHER_ADDRESS": "1 Example Street",
        }
        manage("migrate", "--verbosity", "0", environment=environment)
        run("-c", COLLECT, environment=environment)
        manage("import_catalog", *CATALOGUE, environment=environment)
        if tools > IN_THE_CATALOGUE:
            more = str(tools - IN_THE_CATALOGUE)
            manage("grow_catalog", "--tools", more, "--yes", environment=environment)
        if votes:
            manage("grow_catalog", "--votes", str(votes), "--yes", environment=environment)
        # What a bulk load leaves to do is done before anything is timed.
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("vacuum analyze")
            connection.execute("checkpoint")
        return cls(stage.serve("verdicts.wsgi:application", environment), environment)


def ratio(rates: Rates, one: str, other: str) -> float:
    """How many times the other's rate, taken within each round: the median of the rounds."""
    return statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))


def rate(target: Target, *, seconds: float) -> float:
    """Requests a second; every answer must be one that was hoped for."""
    wrk = shutil.which("wrk")
    if not wrk:
        return client.rate(target.url, target.headers, seconds=seconds, connections=CONNECTIONS)
    words = [wrk, "-t2", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    for name, value in target.headers.items():
        words += ["-H", f"{name}: {value}"]
    if target.script:
        words += ["-s", str(target.script)]
    said = subprocess.run([*words, target.url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise AssertionError(f"{target.url} answered with errors:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, said
    return float(found[1])


def fetch(target: Target) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by small name, and body of one answer."""
    request = urllib.request.Request(target.url, headers=dict(target.headers))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, named(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, named(error.headers.items()), error.read()


def named(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def manage(*words: str, environment: Mapping[str, str]) -> str:
    return run("manage.py", *words, environment=environment)


def run(*words: str, environment: Mapping[str, str]) -> str:
    """What Python says to these words, with the site's settings."""
    said = subprocess.run(
        [sys.executable, *words],
        cwd=CODE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "verdicts.settings"} | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if said.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{said.stdout}")
    return said.stdout


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"The server at {url} did not start.")


def forget(folder: Path, lease: embedded.Lease) -> None:
    """Gives the servers back, waits until they are gone, and removes their files."""
    lease.give_back()
    until = time.monotonic() + PATIENCE
    while is_kept(folder) and time.monotonic() < until:
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def kept(stage: Stage, name: str, content: bytes) -> Path:
    """A file of the run, for a contender to read."""
    path = stage.folder / name
    path.write_bytes(content)
    return path


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
