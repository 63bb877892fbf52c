"""The week's issue through the real sender, beside raw smtplib at the same sink."""

from __future__ import annotations

import json
import statistics
from typing import Any

from tests.bench.harness import Goal, Stage, bench, ratio, run

TOOLS = 24
FEW, MANY = 10_000, 1_000_000
# Of the million, so many are sent to see whether a worker's memory stays flat.
SAMPLE = 100_000


@bench("mails")
def mails(stage: Stage) -> list[Goal]:
    """One worker process, one connection, every cursor committed to disk.

    A sender that is slow where 'commits alone' is slow waits for the disk.
    """
    rates = measured(stage, FEW, sample=0)["rates"]
    return [
        Goal("sender / raw smtplib", ratio(rates, "sender", "smtplib"), least=0.5),
        Goal(
            "sender without pipelining / raw smtplib",
            ratio(rates, "sender, not pipelined", "smtplib"),
        ),
        Goal("sender / commits alone", ratio(rates, "sender", "commits alone")),
    ]


@bench("million")
def million(stage: Stage) -> list[Goal]:
    """The same with a million subscribers, of whom some get their mail."""
    found = measured(stage, MANY, sample=SAMPLE)
    rates, memory = found["rates"], found["memory"]
    return [
        Goal("seconds to freeze a million readers", found["freeze"], most=30),
        Goal("milliseconds to claim 200 of a million", found["claim"], most=50),
        Goal("memory after 100,000 mails / after 10,000", memory[-1] / memory[0], most=1.1),
        Goal("sender / raw smtplib", ratio(rates, "sender", "smtplib"), least=0.5),
    ]


def measured(stage: Stage, readers: int, *, sample: int) -> dict[str, Any]:
    words = [str(word) for word in (readers, stage.seconds, stage.rounds, sample)]
    said = run("-m", "tests.bench.mailing", *words, environment=stage.site(tools=TOOLS).environment)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    print(
        f"  {found['audience']:,} readers frozen in {found['freeze']:.1f} s,"
        f" mails of {found['bytes']:,} bytes"
    )
    for name, rates in found["rates"].items():
        middle, low, high = statistics.median(rates), min(rates), max(rates)
        print(f"  {middle:>10,.0f} a second  ({low:,.0f} to {high:,.0f})  {name}")
    if found["memory"]:
        print(f"  memory after each tenth: {', '.join(f'{m:.0f}' for m in found['memory'])} MB")
    return found
