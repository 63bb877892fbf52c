"""Runs the named benchmarks, or all of them; exit code 1 when a goal is missed."""

from __future__ import annotations

import argparse
import sys

from tests.bench import mails, pages, votes  # noqa: F401  (they register themselves)
from tests.bench.harness import BENCHES, Stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--seconds", type=float, default=4, help="of one turn (4)")
    parser.add_argument("--rounds", type=int, default=3, help="of all contenders (3)")
    parser.add_argument(
        "--stored", type=int, default=100_000, help="votes, in the fuller box of 'votes' (100000)"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - BENCHES.keys():
        parser.error(f"unknown: {', '.join(unknown)}")
    goals = []
    with Stage(seconds=chosen.seconds, rounds=chosen.rounds, stored=chosen.stored) as stage:
        for name in chosen.names or BENCHES:
            print(f"{name}:")
            found = BENCHES[name](stage)
            print(*found, sep="\n")
            goals += found
    sys.exit(any(not goal.is_met for goal in goals))


if __name__ == "__main__":
    main()
