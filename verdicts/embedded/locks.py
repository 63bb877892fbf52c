"""Locks on files: the kernel gives one back when the process that holds it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lock(path: Path, how: int) -> int:
    """The open file, locked until it is closed. Raises BlockingIOError with LOCK_NB."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """The open file, locked against every other process until the block ends."""
    descriptor = lock(path, fcntl.LOCK_EX)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
