"""The demo's inbox: takes every mail that the site sends and shows it on a page of its own.

`python -m verdicts.demo.inbox FOLDER MAIL PAGE`: mails are kept as files in the folder; MAIL and
PAGE are the numbers of listening sockets that it inherits.
"""

from __future__ import annotations

import asyncio
import email.policy
import html
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

MOST_SHOWN = 200
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Reply-To")
ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
# A mail may hold anything: no script runs, nothing is fetched, links open in a tab of their own.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:"
MAIL_POLICY = PAGE_POLICY + "; sandbox allow-popups allow-popups-to-escape-sandbox"
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; vertical-align: top; padding: .3rem .6rem }
tr { border-bottom: 1px solid #8884 }
iframe { width: 100%; height: 36rem; border: 1px solid #8884; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
:root { color-scheme: light dark }
"""


class Mailbox:
    """The folder of mails; names sort by the time of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> None:
        name = f"{time.time_ns():020d}-{next(self._numbers):06d}"
        half = self._folder / f"{name}.half"
        half.write_bytes(content)
        half.rename(self._folder / f"{name}.eml")

    def names(self) -> list[str]:
        """The newest first."""
        return sorted((path.stem for path in self._folder.glob("*.eml")), reverse=True)

    def mail(self, name: str) -> EmailMessage | None:
        path = self._folder / f"{name}.eml"
        if not re.fullmatch(r"[0-9-]+", name) or not path.exists():
            return None
        with path.open("rb") as file:
            return BytesParser(_class=EmailMessage, policy=email.policy.default).parse(file)


class Receiver:
    """aiosmtpd's handler: every mail is welcome."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self._mailbox.keep(envelope.original_content)
        return "250 Kept"


@dataclass(frozen=True)
class Answer:
    body: str
    status: HTTPStatus = HTTPStatus.OK
    policy: str = PAGE_POLICY


def answer(mailbox: Mailbox, path: str) -> Answer:
    match path.strip("/").split("/"):
        case [""]:
            return Answer(page("Inbox", "".join(listing(mailbox))))
        case [name] if mail := mailbox.mail(name):
            return Answer(page(str(mail["Subject"]), "".join(reading(name, mail))))
        case [name, "html"] if mail := mailbox.mail(name):
            # The frame around it shows no page of the site: those refuse to be framed.
            return Answer(f'<base target="_blank">{part(mail, "html")}', policy=MAIL_POLICY)
    return Answer(page("No such mail", '<p><a href="/">Inbox</a></p>'), HTTPStatus.NOT_FOUND)


def listing(mailbox: Mailbox) -> Iterator[str]:
    names = mailbox.names()
    yield f"<p>{len(names)} kept, the newest first. Reload for new ones.</p>"
    yield "<table><tr><th>To</th><th>Subject</th><th>Date</th></tr>"
    for name in names[:MOST_SHOWN]:
        if mail := mailbox.mail(name):
            yield f"<tr><td>{shown(mail, 'To')}</td>"
            yield f'<td><a href="/{name}">{shown(mail, "Subject") or "(no subject)"}</a></td>'
            yield f"<td>{shown(mail, 'Date')}</td></tr>"
    yield "</table>"


def reading(name: str, mail: EmailMessage) -> Iterator[str]:
    yield '<p><a href="/">Inbox</a></p><table>'
    for header in HEADERS:
        if mail[header]:
            yield f"<tr><th>{header}</th><td>{shown(mail, header)}</td></tr>"
    yield "</table>"
    if part(mail, "html"):
        yield f'<h2>HTML</h2><iframe title="The mail" src="/{name}/html"'
        yield ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    yield f"<h2>Text</h2><pre>{linked(part(mail, 'plain'))}</pre>"


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    return str(found.get_content()) if found else ""


def shown(mail: EmailMessage, header: str) -> str:
    return html.escape(str(mail[header] or ""))


def linked(text: str) -> str:
    """The text, safe to show, with its addresses to click on."""
    end, parts = 0, []
    for found in ADDRESS.finditer(text):
        address = html.escape(found[0])
        parts.append(html.escape(text[end : found.start()]))
        parts.append(f'<a href="{address}" rel="noreferrer" target="_blank">{address}</a>')
        end = found.end()
    return "".join(parts) + html.escape(text[end:])


def page(title: str, body: str) -> str:
    title = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{title}</h1>{body}</html>"
    )


def handler_for(mailbox: Mailbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(mailbox, self.path.partition("?")[0])
            body = found.body.encode(errors="replace")
            self.send_response(found.status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", found.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    return Handler


def main() -> None:
    mailbox = Mailbox(Path(sys.argv[1]))
    mail, page = (socket.socket(fileno=int(number)) for number in sys.argv[2:])
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(mailbox), bind_and_activate=False)
    server.socket.close()
    server.socket = page
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(take_mail(mailbox, mail))


async def take_mail(mailbox: Mailbox, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Receiver(mailbox), enable_SMTPUTF8=True), sock=listener
    )
    await server.serve_forever()


if __name__ == "__main__":
    main()
