"""How a worker is told to stop, and does so where nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def signals_noticed() -> Iterator[Callable[[], bool]]:
    """SIGTERM and SIGINT end the slice between two mails instead of the process within one.

    A worker's child gets them when a whole process group is told to stop.
    """
    noticed: list[int] = []

    def notice(number: int, frame: FrameType | None) -> None:
        noticed.append(number)

    former = {}
    # Only the main thread has signals; in a test's thread nobody sends any.
    if threading.current_thread() is threading.main_thread():
        former = {each: signal.signal(each, notice) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(noticed)
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
