"""One kept SMTP connection that knows how far a mail got.

Whatever breaks before the final dot, nothing was sent; silence after it means that nobody knows.
smtplib raises one error for both, so its verbs are called here one by one, and pipelined
(RFC 2920) where the relay allows it: two round trips a mail instead of four.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parseaddr
from enum import Enum

from django.conf import settings
from django.core.mail.utils import DNS_NAME

# RFC 5321 4.5.3.2.6: the relay may take ten minutes to answer the final dot.
DOT_TIMEOUT = 600
# Relays cut connections that live long or carry much (Amazon, SMTP2GO, Postfix' own limits).
MESSAGES_PER_CONNECTION = 500
SECONDS_PER_CONNECTION = 60

ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
ENHANCED_STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class Phase(Enum):
    """What a reply answered."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the message"


@dataclass(frozen=True)
class Reply:
    """What the relay said: its code and words (RFC 5321), the status within (RFC 3463)."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.words}"

    @property
    def words(self) -> str:
        """The text as it may be kept: relays like to repeat the reader's address."""
        return ADDRESS.sub("(address)", self.text)

    @property
    def status(self) -> str:
        """'5.7.26', or ''."""
        found = ENHANCED_STATUS.match(self.text)
        return found[1] if found else ""

    @property
    def is_temporary(self) -> bool:
        return 400 <= self.code < 500

    @property
    def names_the_mailbox(self) -> bool:
        """No such mailbox, for good. 5.1.7 and 5.1.8 speak of the sender's address."""
        status = self.status
        is_address = status.startswith("5.1.") and status not in {"5.1.7", "5.1.8"}
        return is_address or status == "5.2.1"

    @property
    def is_policy(self) -> bool:
        return self.status.startswith("5.7.")

    @property
    def asks_to_slow_down(self) -> bool:
        """Gmail's word for a sender that is too fast."""
        return self.status == "4.7.28"


class NotSentError(Exception):
    """The relay did not take the mail, for certain."""


class RefusedError(NotSentError):
    """A clear no, with its reason; the connection goes on."""

    def __init__(self, phase: Phase, reply: Reply) -> None:
        super().__init__(f"{phase.value}: {reply}")
        self.phase, self.reply = phase, reply


class DisconnectedError(NotSentError):
    """The connection ended, or never began, before the final dot."""

    def __init__(self, words: str, reply: Reply | None = None) -> None:
        super().__init__(words)
        self.reply = reply


class UnknownError(Exception):
    """The relay has the whole mail and said nothing of it: it was sent, or it was not."""


class Relay:
    """An open connection to the relay of EMAIL_URL: offer, await, hand over, mail by mail."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self.smtp = smtp
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self.pipelines = smtp.has_extn("pipelining")
        self.taken = 0
        self.opened = time.monotonic()
        self.has_half_a_mail = False
        self.asked: list[tuple[Phase, str]] = []
        # The kernel keeps the end of the body back, for the dot to travel with it. TLS has no such
        # flag, nor have other systems than Linux; there the dot is a packet of its own.
        is_plain = not isinstance(smtp.sock, ssl.SSLSocket)
        self.more_follows = [socket.MSG_MORE] if is_plain and hasattr(socket, "MSG_MORE") else []

    @classmethod
    def open(cls) -> Relay:
        """Connect, with TLS and login as EMAIL_URL says. Raises DisconnectedError."""
        make = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
        smtp = None
        try:
            smtp = make(
                settings.EMAIL_HOST,
                settings.EMAIL_PORT,
                local_hostname=str(DNS_NAME),
                timeout=settings.EMAIL_TIMEOUT,
            )
            smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if settings.EMAIL_HOST_USER:
                smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            assert smtp.sock is not None
            # The dot is a packet of its own and must not wait for the body's receipt.
            with contextlib.suppress(OSError):
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as problem:
            if smtp is not None:
                smtp.close()
            raise DisconnectedError(f"{type(problem).__name__}: {problem}") from problem
        return cls(smtp)

    @property
    def is_worn(self) -> bool:
        age = time.monotonic() - self.opened
        return self.taken >= MESSAGES_PER_CONNECTION or age >= SECONDS_PER_CONNECTION

    def offer(self, recipient: str) -> None:
        """Ask the relay to take a mail; `await_go_ahead` hears what it says."""
        if self.has_half_a_mail:
            self.ask("RSET\r\n")
        self.has_half_a_mail = True
        self.asked = [
            (Phase.MAIL, f"MAIL FROM:<{self.sender}>\r\n"),
            (Phase.RCPT, f"RCPT TO:<{recipient}>\r\n"),
            (Phase.DATA, "DATA\r\n"),
        ]
        if self.pipelines:
            self.write("".join(line for _, line in self.asked))

    def await_go_ahead(self) -> None:
        """The relay waits for the message it was offered.

        Raises RefusedError or DisconnectedError; nothing was sent in either case.
        """
        replies: list[tuple[Phase, Reply]] = []
        for phase, line in self.asked:
            replies.append((phase, self.read() if self.pipelines else self.ask(line)))
            if not self.pipelines and replies[-1][1].code >= 400:
                break
        for phase, reply in replies:
            if reply.code != 354 if phase is Phase.DATA else not 200 <= reply.code < 300:
                if replies[-1][1].code == 354:
                    # It waits for a mail to nobody (RFC 2920 3.1): an empty one ends that.
                    self.ask(".\r\n")
                raise RefusedError(phase, reply)

    def hand_over(self, message: bytes) -> None:
        """The message, already offered, and its final dot; the relay took it.

        `message` is dot-stuffed and ends with CR LF. Raises RefusedError for a clear no,
        DisconnectedError if the dot was never written, UnknownError for silence after it.
        """
        sock = self.smtp.sock
        assert sock is not None
        try:
            sock.sendall(message, *self.more_follows)
        except OSError as problem:
            self.abandon()
            raise DisconnectedError(f"Lost within the message: {problem}") from problem
        try:
            sock.settimeout(DOT_TIMEOUT)
            sock.sendall(b".\r\n")
            code, words = self.smtp.getreply()
            sock.settimeout(settings.EMAIL_TIMEOUT)
        except (OSError, smtplib.SMTPException) as problem:
            self.abandon()
            raise UnknownError(f"No answer to the message: {problem}") from problem
        reply = Reply(code, words.decode("ascii", "replace"))
        self.has_half_a_mail = False
        if 200 <= code < 300:
            self.taken += 1
        elif code == 421:
            self.abandon()
            raise DisconnectedError(str(reply), reply)
        elif code >= 400:
            raise RefusedError(Phase.DOT, reply)
        else:
            self.abandon()
            raise UnknownError(f"A strange answer to the message: {reply}")

    def close(self) -> None:
        """Say goodbye; a relay that does not answer is left."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()
        self.smtp.close()

    def abandon(self) -> None:
        """Leave without a word: an offered mail is dropped by the relay."""
        self.smtp.close()

    def ask(self, line: str) -> Reply:
        self.write(line)
        return self.read()

    def write(self, lines: str) -> None:
        try:
            self.smtp.send(lines)
        except (OSError, smtplib.SMTPException) as problem:
            self.abandon()
            raise DisconnectedError(f"The relay is gone: {problem}") from problem

    def read(self) -> Reply:
        try:
            code, words = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            self.abandon()
            raise DisconnectedError(f"The relay is gone: {problem}") from problem
        reply = Reply(code, words.decode("ascii", "replace"))
        if code == 421 or code < 200:
            self.abandon()
            raise DisconnectedError(str(reply), reply)
        return reply
