"""What is wrong with the settings and with the built mail, before a reader finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from urllib.parse import urlsplit

from django.conf import settings

from newsletter.message_keys import mail_domain
from newsletter.messages import MOST_HTML_BYTES, RenderedMail
from newsletter.moulds import UNSUBSCRIBE, MouldError
from newsletter.smtp import DisconnectedError, Relay

LONGEST_LINE = 998
OF_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
RESERVED = ("example", "test", "invalid", "localhost")
LINK = re.compile(r"""(?:href|src)=["']([^"']+)["']""", re.IGNORECASE)
IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ONE_LINE_EACH = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")


@dataclass(frozen=True)
class Finding:
    """A problem stops a send that anybody cares for; a reminder cannot be checked from here."""

    text: str
    is_problem: bool = True


def check_settings() -> Iterator[Finding]:
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https":
        yield Finding(f"SITE_URL={settings.SITE_URL} is not https: one-click unsubscribing is not.")
    domain = mail_domain()
    if domain.rpartition(".")[2] in RESERVED:
        yield Finding(f"DEFAULT_FROM_EMAIL: {domain} is a reserved name that nobody can own.")
    for name in ("PUBLISHER_NAME", "PUBLISHER_ADDRESS"):
        if getattr(settings, name).startswith("Placeholder"):
            yield Finding(f"{name} is a placeholder; it stands in every mail's footer.")
    is_local = settings.EMAIL_HOST in OF_THIS_MACHINE
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or is_local):
        yield Finding("EMAIL_URL: the way to the relay is not encrypted. Add ?tls=1.")
    if not settings.MAIL_WEBHOOK_SECRET:
        yield Finding("MAIL_WEBHOOK_SECRET is not set: bounces and complaints go unheard.", False)
    yield Finding(
        f"DNS of {domain}: SPF that names the relay, DKIM with 2048 bits whose h= holds"
        " List-Unsubscribe and List-Unsubscribe-Post, DMARC of at least p=none, aligned.",
        False,
    )


def check_relay() -> Iterator[Finding]:
    """Connects, and sends nothing."""
    try:
        relay = Relay.open()
    except DisconnectedError as problem:
        yield Finding(f"The relay of EMAIL_URL does not answer: {problem}")
        return
    if not relay.pipelines:
        yield Finding("The relay does not pipeline: expect half the speed.", False)
    relay.close()


def check_mail(mail: RenderedMail) -> Iterator[Finding]:
    """What mail programs and large receivers punish."""
    try:
        assert mail.mould
    except MouldError as problem:
        yield Finding(f"The mail cannot be made per reader: {problem}.")
    head = mail.mime.partition(b"\r\n\r\n")[0]
    message = message_from_bytes(mail.mime, policy=SMTP)
    assert isinstance(message, EmailMessage)
    yield from check_headers(message, head)
    if any(len(line) > LONGEST_LINE for line in mail.mime.split(b"\r\n")):
        yield Finding(f"A line is longer than {LONGEST_LINE} bytes.")
    if not mail.mime.isascii():
        yield Finding("The message holds 8-bit bytes.")
    yield from check_bodies(mail, message)


def check_headers(message: Message, head: bytes) -> Iterator[Finding]:
    for name in ONE_LINE_EACH:
        if len(message.get_all(name, [])) != 1:
            yield Finding(f"The header {name} must stand there once.")
    if message["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        yield Finding("The header List-Unsubscribe-Post is missing (RFC 8058).")
    lines = head.decode("ascii", "replace").split("\r\n")
    if not any(
        re.fullmatch(r"List-Unsubscribe: <https?://[^>]+>", line, re.IGNORECASE) for line in lines
    ):
        yield Finding("List-Unsubscribe is not one line with one web address.")


def check_bodies(mail: RenderedMail, message: EmailMessage) -> Iterator[Finding]:
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    if kinds != ["text/plain", "text/html"]:
        yield Finding(f"The parts are {', '.join(kinds)}, not plain text, then HTML.")
    size = len(mail.html.encode())
    if size > MOST_HTML_BYTES:
        yield Finding(f"The HTML has {size:,} bytes; above {MOST_HTML_BYTES:,} it is cut.")
    for body, name in ((mail.html, "HTML"), (mail.text, "plain text")):
        if UNSUBSCRIBE not in body:
            yield Finding(f"The {name} has no way out.")
    home = urlsplit(settings.SITE_URL).hostname
    for address in LINK.findall(mail.html):
        host = urlsplit(address).hostname
        if urlsplit(address).scheme in {"http", "https"} and host != home:
            yield Finding(f"A link leaves the site: {address}", False)
    for image in IMAGE.findall(mail.html):
        if re.search(r"""\b(?:width|height)=["']?[01]["'\s>]""", image):
            yield Finding("An image of one pixel looks like a tracker.")
