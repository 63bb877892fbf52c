"""Postgres and Valkey for a laptop: real servers from wheels, under `var/`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets as random_secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# The kernel's limit for a socket path is 107 bytes; ".s.PGSQL.5432" and a slash need 14.
LONGEST_SOCKET_FOLDER = 90


@dataclass(frozen=True)
class Addresses:
    socket_folder: Path
    database_url: str
    redis_url: str


def addresses(var: Path) -> Addresses:
    """Where the servers of this `var/` listen; nothing is started."""
    folder = var / "run"
    if len(os.fsencode(str(folder))) > LONGEST_SOCKET_FOLDER:
        name = hashlib.sha256(os.fsencode(str(var))).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"verdicts-{name}"
    return Addresses(
        socket_folder=folder,
        database_url=f"postgres://postgres@{quote(str(folder), safe='')}/verdicts",
        redis_url=f"unix://{quote(str(folder / 'valkey.sock'))}?db=0",
    )


def secrets(var: Path) -> dict[str, str]:
    """The secrets of this `var/`, made at the first call and kept readable by the owner only."""
    path = var / "secrets.json"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        made = {
            name: random_secrets.token_urlsafe(50)
            for name in ("SECRET_KEY", "VOTER_KEY", "EMAIL_KEY")
        }
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(made))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return dict(json.loads(path.read_text()))
