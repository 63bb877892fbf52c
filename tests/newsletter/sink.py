"""A relay for tests: a real SMTP server that counts what it accepts, and fails as told.

    python -m tests.newsletter.sink LOG FAULTS PORT

FAULTS is JSON, PORT may be 0. It prints its port and writes one line per event to LOG:
'accepted', 'repeated' (a key that an idempotent relay knows), 'refused', 'offered' (a DATA that
was let in), with key and recipient.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Faults:
    """What goes wrong. Shares are of recipients, chosen by a hash, so that runs repeat."""

    later_once: float = 0  # 450 at the first RCPT
    no_mailbox: float = 0  # 550 5.1.1 at every RCPT
    dies_at_dot: float = 0  # the connection ends at the first dot, nothing is kept
    loses_reply: float = 0  # the first dot is accepted and not answered
    busy_every: int = 0  # 421 after so many mails of a connection
    slow_down_every: int = 0  # the same with 4.7.28
    policy: bool = False  # 550 5.7.26 at MAIL, to all
    policy_at_dot: bool = False  # the same after the dot
    refuses_sender: bool = False  # 550 at MAIL
    later_always: bool = False  # 451 at RCPT, to all
    idempotent: bool = False  # a Message-ID that is known is answered 250 and dropped
    pipelining: bool = True
    answers_dot_after: float = 0  # seconds
    refuses_connections: bool = False  # 421 instead of a greeting


class Sink:
    def __init__(self, log: Path, faults: Faults) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.faults = faults
        self.seen: Counter[tuple[str, bytes]] = Counter()
        self.known: set[bytes] = set()

    def note(self, event: str, key: bytes, recipient: bytes) -> None:
        os.write(self.log, b"%s %s %s\n" % (event.encode(), key, recipient))

    def is_chosen(self, fault: str, share: float, recipient: bytes, *, once: bool) -> bool:
        if not share or zlib.crc32(fault.encode() + recipient) / 2**32 >= share:
            return False
        self.seen[fault, recipient] += 1
        return not once or self.seen[fault, recipient] == 1


class Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.faults = sink.faults
        self.buffer = bytearray()
        self.answers = bytearray()
        self.searched = 0
        self.in_message = False
        self.recipient = b""
        self.has_sender = False
        self.mails = 0
        self.is_over = False

    def connection_made(self, transport):
        self.transport = transport
        if self.faults.refuses_connections:
            self.end(b"421 4.3.2 not now\r\n")
        else:
            self.answer(b"220 sink ESMTP\r\n")
        self.speak()

    def answer(self, line):
        self.answers += line

    def end(self, line=b""):
        self.answer(line)
        self.is_over = True

    def speak(self):
        """What one packet asked for is answered in one, as servers that pipeline do."""
        if self.answers:
            self.transport.write(bytes(self.answers))
            self.answers.clear()
        if self.is_over:
            self.transport.close()

    def answer_later(self, line):
        self.answer(line)
        self.speak()

    def data_received(self, data):
        self.buffer += data
        while not self.is_over and self.step():
            pass
        self.speak()

    def step(self):
        if self.in_message:
            end = self.buffer.find(b"\r\n.\r\n", max(0, self.searched - 4))
            if self.buffer.startswith(b".\r\n"):
                end = -2
            elif end < 0:
                self.searched = len(self.buffer)
                return False
            message = bytes(self.buffer[: max(0, end)])
            del self.buffer[: end + 5]
            self.searched, self.in_message = 0, False
            self.take(message)
            return True
        line, found, _ = self.buffer.partition(b"\r\n")
        if not found:
            return False
        del self.buffer[: len(line) + 2]
        self.obey(bytes(line))
        return True

    def obey(self, line):
        verb = line[:4].upper()
        if verb == b"EHLO":
            more = b"250-PIPELINING\r\n" if self.faults.pipelining else b""
            self.answer(b"250-sink\r\n" + more + b"250 ENHANCEDSTATUSCODES\r\n")
        elif verb in {b"HELO", b"NOOP"}:
            self.answer(b"250 ok\r\n")
        elif verb == b"RSET":
            self.has_sender, self.recipient = False, b""
            self.answer(b"250 2.0.0 forgotten\r\n")
        elif verb == b"MAIL":
            self.sender()
        elif verb == b"RCPT":
            self.rcpt(line[9:-1])
        elif verb == b"DATA":
            self.data()
        elif verb == b"QUIT":
            self.end(b"221 2.0.0 bye\r\n")
        else:
            self.answer(b"502 5.5.2 what?\r\n")

    def sender(self):
        faults = self.faults
        if faults.busy_every and self.mails >= faults.busy_every:
            self.end(b"421 4.3.2 enough for one connection\r\n")
        elif faults.slow_down_every and self.mails >= faults.slow_down_every:
            self.end(b"421 4.7.28 unusual rate of mail\r\n")
        elif faults.policy:
            self.answer(b"550 5.7.26 unauthenticated mail is not accepted\r\n")
        elif faults.refuses_sender:
            self.answer(b"550 5.1.8 no such sender's domain\r\n")
        elif self.has_sender:
            self.answer(b"503 5.5.1 nested MAIL\r\n")
        else:
            self.has_sender = True
            self.answer(b"250 2.1.0 ok\r\n")

    def rcpt(self, recipient):
        faults, chosen = self.faults, self.sink.is_chosen
        if not self.has_sender:
            self.answer(b"503 5.5.1 MAIL first\r\n")
        elif faults.later_always:
            self.answer(b"451 4.2.1 try later\r\n")
        elif chosen("no_mailbox", faults.no_mailbox, recipient, once=False):
            self.sink.note("refused", b"-", recipient)
            self.answer(b"550 5.1.1 <%s>: no such mailbox\r\n" % recipient)
        elif chosen("later_once", faults.later_once, recipient, once=True):
            self.answer(b"450 4.2.0 greylisted\r\n")
        else:
            self.recipient = recipient
            self.answer(b"250 2.1.5 ok\r\n")

    def data(self):
        if not self.recipient:
            self.answer(b"554 5.5.1 no valid recipients\r\n")
            return
        self.in_message = True
        self.sink.note("offered", b"-", self.recipient)
        self.answer(b"354 go ahead\r\n")

    def take(self, message):
        found = MESSAGE_ID.search(message, 0, 4096)
        key = found[1] if found else b"none"
        recipient, faults, sink = self.recipient, self.faults, self.sink
        self.recipient, self.has_sender = b"", False
        self.mails += 1
        if sink.is_chosen("dies_at_dot", faults.dies_at_dot, recipient, once=True):
            self.end()
            return
        if faults.policy_at_dot:
            self.answer(b"550 5.7.26 we do not like what it says\r\n")
            return
        if faults.idempotent and key in sink.known:
            sink.note("repeated", key, recipient)
        else:
            sink.known.add(key)
            sink.note("accepted", key, recipient)
        if sink.is_chosen("loses_reply", faults.loses_reply, recipient, once=True):
            self.end()
        elif faults.answers_dot_after:
            loop = asyncio.get_running_loop()
            loop.call_later(faults.answers_dot_after, self.answer_later, b"250 2.0.0 queued\r\n")
        else:
            self.answer(b"250 2.0.0 queued\r\n")


async def serve(log: Path, faults: Faults, port: int) -> None:
    sink = Sink(log, faults)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(sink), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    # The end of the test closes our standard input.
    await loop.run_in_executor(None, sys.stdin.read)


@dataclass
class RunningSink:
    """What a test sees of the relay."""

    port: int
    log: Path
    process: subprocess.Popen[str] = field(repr=False)

    def lines(self, event: str) -> list[list[str]]:
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [line for line in lines if line[0] == event]

    @property
    def accepted(self) -> Counter[str]:
        """How often each message key was accepted."""
        return Counter(key for _, key, _ in self.lines("accepted"))

    @property
    def recipients(self) -> Counter[str]:
        return Counter(recipient for _, _, recipient in self.lines("accepted"))


@contextmanager
def running_sink(folder: Path, *, port: int = 0, log: Path | None = None, **faults):
    """A relay in a process of its own, on a port of its own, until the block ends."""
    log = log or folder / "accepted.log"
    log.touch()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.newsletter.sink",
            str(log),
            json.dumps(asdict(Faults(**faults))),
            str(port),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield RunningSink(port=int(process.stdout.readline()), log=log, process=process)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=10)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Faults(**json.loads(sys.argv[2])), int(sys.argv[3])))
