"""Postgres and Valkey for a laptop: real servers from wheels, under `var/`.

`addresses` and `secrets` are what the settings need; `attach` starts the servers or joins those
that run. They end with the last process that is attached (docs/decisions/embedded-servers.md).
"""

from verdicts.embedded.lease import CannotStartError, Lease, attach
from verdicts.embedded.places import Addresses, addresses, secrets

__all__ = ["Addresses", "CannotStartError", "Lease", "addresses", "attach", "secrets"]
