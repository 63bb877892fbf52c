"""The demo, run for real: what it starts, says, keeps alive, and ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.verdicts.test_embedded import processes_of
from tests.waiting import until
from verdicts.demo import inbox, run
from verdicts.environment import BASE_DIR, IS_PRODUCTION
from verdicts.supervisor import PR_SET_PDEATHSIG, libc

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(IS_PRODUCTION, reason="DATABASE_URL names other servers"),
]


class RunningDemo:
    """A demo on a `var/` and ports of its own."""

    def __init__(self, var: Path, *words: str) -> None:
        self.var = var
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", "0", *words],
            cwd=BASE_DIR,
            env=os.environ
            | {
                "VAR_DIR": str(var),
                "NEWSLETTER_CONNECTIONS": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A killed test run leaves no demo behind.
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )

    def says(self, pattern: str) -> None:
        """Waits for a line that the pattern is found in."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if re.search(pattern, line):
                return
        raise AssertionError(f"{pattern} was not said:\n{''.join(self.lines)}")

    def said(self, pattern: str) -> str:
        """What stood in the pattern's brackets."""
        found = re.search(pattern, "".join(self.lines))
        assert found, self.lines
        return found[1]

    def processes(self) -> set[int]:
        """Everything that it has started, and what that has started, and the servers."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(stat.parent.name)] = int(parent)
        found = {self.process.pid, *processes_of(self.var)}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found & parents.keys()


def living(pids: set[int]) -> set[int]:
    def is_alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return {pid for pid in pids if is_alive(pid)}


def folder() -> tempfile.TemporaryDirectory[str]:
    """Root's unprivileged account can reach it, as it can a common clone's `var/`."""
    made = tempfile.TemporaryDirectory(prefix="demo ", ignore_cleanup_errors=True)
    Path(made.name).chmod(0o711)
    return made


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    """One that is ready; told to end, it leaves nothing behind."""
    with folder() as name:
        running = RunningDemo(Path(name) / "var")
        running.says("Ready:")
        yield running
        started = running.processes()
        running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=60)
        assert running.process.returncode == 0
        assert not living(started)


@pytest.fixture
def empty_demo() -> Iterator[RunningDemo]:
    """One that starts; it is killed in the end."""
    with folder() as name:
        running = RunningDemo(Path(name) / "var", "--empty")
        yield running
        started = running.processes()
        running.process.kill()
        running.process.communicate()
        until(lambda: not living(started), "the end of all that it started")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as response:
        return str(response.read().decode())


def test_it_says_where_the_site_is_and_how_to_log_in(demo):
    assert "<h1" in get(demo.said(r"Ready: (\S+)"))
    kept = json.loads((demo.var / "staff.json").read_text())
    assert demo.said(r"Staff login: user editor, password (\S+)") == kept["password"]


def test_what_one_program_has_compiled_the_others_read(demo):
    compiled = {path.name.partition(".")[0] for path in demo.var.glob("bytecode/**/*.pyc")}
    assert compiled >= {"defaultfilters", "wsgi", "run", "prepare"}


def test_it_starts_again_what_dies_and_says_so(demo):
    [postgres] = [pid for pid, command in processes_of(demo.var).items() if "postgres" in command]
    os.kill(postgres, signal.SIGKILL)
    demo.says(r"Postgres ended \(SIGKILL\); started again")
    servers = {
        pid for pid in demo.processes() if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }
    os.kill(min(servers), signal.SIGKILL)
    demo.says(r"web ended \(SIGKILL\); started again")
    until(lambda: not living(servers), "the web server's end")
    address = urlsplit(demo.said(r"Ready: (\S+)"))
    assert address.port
    until(lambda: run.has_home_page("127.0.0.1", address.port, address.geturl()), "the home page")


def test_a_second_one_on_the_same_data_is_refused_in_one_line(demo):
    second = RunningDemo(demo.var)
    told, _ = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    assert re.fullmatch(r"CommandError: A demo already runs on .*\n", told)


def test_other_commands_run_beside_it_and_mail_reaches_its_inbox(demo):
    command = (
        "from django.core.mail import send_mail;"
        "send_mail('Which one?', 'Text', None, ['reader@verdicts.example'])"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=BASE_DIR,
        env=os.environ | {"VAR_DIR": str(demo.var)},
        check=True,
    )
    assert "Which one?" in get(demo.said(r"Inbox of the mail that it sends: (\S+)"))


def test_killed_it_leaves_nothing_behind(empty_demo):
    empty_demo.says("Ready:")
    started = empty_demo.processes()
    assert len(started) > 8
    empty_demo.process.kill()
    until(lambda: not living(started), "the end of all that it started")


def test_told_to_end_while_it_starts_it_ends_at_once(empty_demo):
    empty_demo.says("Starting the site")
    started = empty_demo.processes()
    empty_demo.process.send_signal(signal.SIGINT)
    assert empty_demo.process.wait(timeout=30) == 0
    assert not living(started)


def test_a_taken_port_is_one_line():
    with folder() as name, socket.create_server(("127.0.0.1", 0)) as server:
        refused = RunningDemo(Path(name) / "var", "--port", str(server.getsockname()[1]))
        told, _ = refused.process.communicate(timeout=60)
    assert refused.process.returncode == 1
    assert re.fullmatch(r"CommandError: Cannot listen on 127\.0\.0\.1:\d+ .*\n", told)


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none_is_one_line(port):
    with folder() as name:
        refused = RunningDemo(Path(name) / "var", "--port", port)
        told, _ = refused.process.communicate(timeout=60)
    assert refused.process.returncode == 1
    assert re.fullmatch(r"CommandError: Cannot listen on 127\.0\.0\.1:-?\d+ .*\n", told)


def mail(**parts: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Verdicts <letter@verdicts.example>"
    message["To"] = "reader@verdicts.example"
    message["Subject"] = parts["subject"]
    message.set_content(parts["text"])
    if "html" in parts:
        message.add_alternative(parts["html"], subtype="html")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def test_the_inbox_shows_a_mail_and_runs_nothing_in_it(tmp_path):
    mailbox = inbox.Mailbox(tmp_path)
    mailbox.keep(
        mail(
            subject="<b>Which?</b>",
            text="See https://verdicts.example/?a=1&b=2.",
            html="<p>Which?</p><script>alert(1)</script>",
        )
    )
    [name] = mailbox.names()
    assert "&lt;b&gt;Which?&lt;/b&gt;" in inbox.answer(mailbox, "/").body
    reading = inbox.answer(mailbox, f"/{name}").body
    assert 'href="https://verdicts.example/?a=1&amp;b=2"' in reading
    assert "<script>" not in reading
    framed = inbox.answer(mailbox, f"/{name}/html")
    assert "<p>Which?</p>" in framed.body
    assert "sandbox" in framed.policy
    assert "allow-scripts" not in framed.policy


@pytest.mark.parametrize("path", ["/../secrets", "/1234", "/1234/html", "/%2e%2e", "//"])
def test_the_inbox_knows_nothing_but_its_mails(tmp_path, path):
    mailbox = inbox.Mailbox(tmp_path)
    assert inbox.answer(mailbox, path).status in {HTTPStatus.NOT_FOUND, HTTPStatus.OK}
    assert "secrets" not in inbox.answer(mailbox, path).body
