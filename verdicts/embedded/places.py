"""Where the embedded servers keep their files, and who owns them.

Everything lies under `var/`, with two exceptions, each remembered by a link in `var/`: a socket
path that the kernel would find too long, and, as root, a `var/` that the servers' unprivileged
account cannot reach. No permission outside `var/` and those folders is ever changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets as random_secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from verdicts.embedded.locks import locked

# The kernel's limit for a socket path is 107 bytes (macOS: 103), the longest name in the
# folder ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80

# Every system has them; a folder that we make there is private and has a name nobody can guess.
TEMPORARY = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108
LASTING = ["/var/lib", "/var/tmp"]  # noqa: S108


@dataclass(frozen=True)
class Account:
    """The unprivileged account that runs the servers when root starts them."""

    user: int
    group: int


@dataclass(frozen=True)
class Addresses:
    database_url: str
    redis_url: str


def addresses(var: Path) -> Addresses:
    """Where the servers of this `var/` listen; nothing is started."""
    folder = socket_folder(var)
    return Addresses(
        database_url=f"postgres://postgres@{quote(str(folder), safe='')}:5432/verdicts",
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


def account(var: Path) -> Account | None:
    """None for an ordinary user, who runs the servers as they are.

    Root gives them to whoever owns the files already, so that a user is never locked out of
    their own, and else to nobody.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        seen = (var / "servers").stat()
        if seen.st_uid != 0:
            return Account(user=seen.st_uid, group=seen.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(user=nobody.pw_uid, group=nobody.pw_gid)


def socket_folder(var: Path) -> Path:
    """The private folder of both sockets, with a path that is short enough for them."""
    folder = var / "run"
    # libpq reads a comma in a host name as the end of the first of several hosts.
    is_short = len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder)
    return _folder(folder, fits=is_short, elsewhere=TEMPORARY)


def server_folder(var: Path) -> Path:
    """The private folder of the servers' data, and of their binaries where they must be copied."""
    return _folder(var / "servers", fits=True, elsewhere=LASTING)


def can_reach(path: Path, who: Account | None) -> bool:
    """Whether the account may pass every folder on the way to the path, the path included."""
    if who is None:
        return True
    for folder in [path, *path.parents]:
        try:
            seen = folder.stat()
        except FileNotFoundError:
            continue
        bit = stat.S_IXUSR if seen.st_uid == who.user else stat.S_IXOTH
        if not seen.st_mode & bit:
            return False
    return True


def _folder(path: Path, *, fits: bool, elsewhere: list[str]) -> Path:
    """A private folder of the servers' account: `path`, or another that a link there names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    who = account(path.parent)
    with locked(path.parent / "places.lock"):
        if path.is_symlink():
            target = path.readlink()
            if _is_private(target.parent, who):
                return target
            path.unlink()
        elif fits and can_reach(path.parent, who):
            if not path.exists():
                _make_private(path, who)
            return path
        return _moved_elsewhere(path, who, elsewhere)


def _moved_elsewhere(path: Path, who: Account | None, elsewhere: list[str]) -> Path:
    base = next(
        (base for base in elsewhere if os.access(base, os.W_OK) and can_reach(Path(base), who)),
        elsewhere[-1],
    )
    home = Path(tempfile.mkdtemp(prefix="verdicts-", dir=base))
    target = home / path.name
    if path.exists():
        shutil.move(path, target)
    else:
        _make_private(target, who)
    _give(home, who)
    path.symlink_to(target)
    return target


def _make_private(path: Path, who: Account | None) -> None:
    path.mkdir(mode=0o700)
    _give(path, who)


def _give(path: Path, who: Account | None) -> None:
    if who:
        os.chown(path, who.user, who.group)


def _is_private(path: Path, who: Account | None) -> bool:
    """Whether nobody else could have made this folder in our place, or can enter it."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return False
    owner = who.user if who else os.geteuid()
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == owner and not seen.st_mode & 0o077
