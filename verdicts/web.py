"""The web server, as the demo, the image and the benchmarks run it: `python -m verdicts.web`."""

from __future__ import annotations

import argparse
import os
import sys


def command(
    application: str = "verdicts.wsgi:application",
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int | None = None,
) -> list[str]:
    """The words to start Granian with. One thread a worker: pages are work, not waiting."""
    return [
        *(sys.executable, "-m", "granian"),
        *("--interface", "wsgi"),
        *("--host", host),
        *("--port", str(port)),
        *("--workers", str(workers or cores())),
        *("--blocking-threads", "1"),
        *("--log-level", "warning"),
        # A worker that is still starting misses the signal to stop.
        *("--workers-kill-timeout", "8"),
        "--no-ws",
        "--respawn-failed-workers",
        application,
    ]


def cores() -> int:
    """Those that this process may use; on macOS, which does not tell, all of them."""
    may_use = getattr(os, "sched_getaffinity", None)
    return len(may_use(0)) if may_use else os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m verdicts.web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, help="one for each core when left out")
    chosen = parser.parse_args()
    words = command(host=chosen.host, port=chosen.port, workers=chosen.workers)
    os.execv(words[0], words)  # noqa: S606


if __name__ == "__main__":
    main()
