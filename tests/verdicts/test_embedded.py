"""The embedded servers: shared while somebody needs them, gone with the last who did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.waiting import until
from verdicts import embedded
from verdicts.embedded import places, servers
from verdicts.environment import IS_PRODUCTION

pytestmark = pytest.mark.skipif(IS_PRODUCTION, reason="DATABASE_URL names other servers")

HOLDER = """
import sys
from pathlib import Path
from verdicts import embedded
with embedded.attach(Path(sys.argv[1]), temporary=True):
    print("attached", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(var: Path, *, umask: int = 0o022) -> Iterator[subprocess.Popen[str]]:
    """Another process that needs the servers until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(var)],
        umask=umask,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "attached\n"
        yield process


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that root's unprivileged account can reach, as a common clone's `var/` is."""
    with tempfile.TemporaryDirectory(prefix="verdicts ", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "var"


def processes_of(var: Path) -> dict[int, str]:
    """The living keeper and servers of this folder."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(var) in command and HOLDER not in command:
            found[int(folder.name)] = command
    return found


def answers(var: Path) -> bool:
    folder = places.socket_folder(var)
    try:
        with psycopg.connect(f"host='{folder}' user=postgres dbname=verdicts") as database:
            return database.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_the_site_runs_on_its_own_postgres(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone'), current_setting('listen_addresses')")
        assert cursor.fetchone() == ("UTC", "")


def test_the_site_runs_on_its_own_valkey():
    cache.set("tool", "Quill")
    assert cache.get("tool") == "Quill"


def test_a_second_attachment_keeps_the_servers_of_the_first(settings):
    with embedded.attach(settings.VAR_DIR):
        cache.set("tool", "Quill")
    assert cache.get("tool") == "Quill"


@pytest.mark.slow
def test_the_servers_end_with_the_last_who_needs_them(var):
    with holder(var):
        with holder(var):
            assert answers(var)
        assert answers(var)
        started = processes_of(var)
    until(lambda: not started.keys() & processes_of(var).keys(), "the servers' end")
    until(lambda: not var.exists(), "the folder to be removed")


@pytest.mark.slow
def test_a_killed_holder_leaves_no_server_behind(var):
    with holder(var) as process:
        assert processes_of(var)
        process.kill()
    until(lambda: not processes_of(var), "the servers' end")


@pytest.mark.slow
def test_a_killed_keeper_takes_the_servers_along_and_the_next_starts_them_again(var):
    with holder(var):
        [keeper] = [pid for pid, command in processes_of(var).items() if "keeper" in command]
        os.kill(keeper, signal.SIGKILL)
        until(lambda: keeper not in processes_of(var), "the keeper's end")
        with holder(var):
            assert answers(var)
    until(lambda: not processes_of(var), "the servers' end")


@pytest.mark.slow
def test_a_killed_server_is_started_again(var):
    with holder(var):
        for pid, command in processes_of(var).items():
            if "keeper" not in command:
                os.kill(pid, signal.SIGKILL)
        until(lambda: answers(var), "Postgres to answer again")
        assert "Postgres ended (SIGKILL)" in (var / "log" / "keeper.log").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a,b \"c\" 'd'", "deep" * 40])
def test_any_folder_will_do(var, name):
    folder = var.parent / name
    with holder(folder):
        assert answers(folder)
        socket_folder = places.socket_folder(folder)
    until(lambda: not folder.exists(), "the folder to be removed")
    assert not socket_folder.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that only root can enter")
def test_root_changes_no_permission_of_a_clone_that_only_root_can_enter(tmp_path):
    clone = tmp_path / "clone"
    clone.mkdir(mode=0o700)
    above = {path: path.stat().st_mode for path in [clone, *clone.parents]}
    with holder(clone / "var", umask=0o077):
        assert answers(clone / "var")
        elsewhere = places.server_folder(clone / "var")
        assert clone not in elsewhere.parents
    until(lambda: not (clone / "var").exists(), "the folder to be removed")
    assert not elsewhere.parent.exists()
    assert {path: path.stat().st_mode for path in above} == above


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs them where they are")
def test_binaries_that_the_account_cannot_reach_are_copied(tmp_path, var, monkeypatch):
    binary = tmp_path / "wheel" / "files" / "bin" / "server"
    binary.parent.mkdir(parents=True)
    binary.touch(mode=0o700)
    (tmp_path / "wheel" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1")
    account, folder = places.account(var), places.server_folder(var)
    umask = os.umask(0o077)
    try:
        copy = servers.reachable_copy(folder / "bin", "wheel", "files", account)
    finally:
        os.umask(umask)
    assert var in copy.parents
    assert places.can_reach(copy / "bin" / "server", account)


def test_a_folder_that_somebody_else_could_have_made_is_not_used(tmp_path):
    var = tmp_path / ("deep" * 40)
    first = places.socket_folder(var)
    first.parent.chmod(0o755)
    second = places.socket_folder(var)
    assert second != first
    assert second.stat().st_mode & 0o777 == 0o700
    for folder in (first, second):
        folder.rmdir()
        folder.parent.rmdir()


def test_data_of_another_major_version_stops_the_start_with_a_line(tmp_path):
    (places.server_folder(tmp_path) / "postgres-12").mkdir()
    with pytest.raises(embedded.CannotStartError, match="holds data of postgres-12"):
        embedded.attach(tmp_path, temporary=True)


def test_the_secrets_are_made_once_and_readable_by_the_owner_only(tmp_path):
    made = embedded.secrets(tmp_path)
    assert embedded.secrets(tmp_path) == made
    assert len({*made.values()}) == 3
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_command_before_the_first_migrate_says_what_is_missing(var):
    done = subprocess.run(
        [sys.executable, "manage.py", "recount_votes"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "VAR_DIR": str(var)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "The database lacks tables that this needs: run manage.py migrate first.\n"
    )
