"""Waiting for what another process does: looked at often, and never for longer than a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

# It bounds a broken test; it is no measure of anything.
PATIENCE = 60


def until(is_so: Callable[[], object], words: str) -> None:
    """Returns when it is so; fails with the words for what did not come."""
    over = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < over, f"waited in vain for {words}"
        time.sleep(0.02)
