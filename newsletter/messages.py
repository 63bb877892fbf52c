"""The mails themselves: an issue with its marks, and the few mails that a person waits for."""

from __future__ import annotations

import datetime as dt
import hashlib
import quopri
import re
from collections import Counter
from dataclasses import dataclass
from email import charset
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from newsletter.digest import Digest
from newsletter.message_keys import mail_domain
from newsletter.models import OutgoingMail
from newsletter.moulds import ADDRESS, MARKS, MESSAGE_KEY, PREFERENCES, UNSUBSCRIBE, Mould
from newsletter.tokens import (
    confirm_token,
    data_token,
    move_token,
    preferences_token,
    unsubscribe_token,
)

# Gmail cuts a mail at about 102 kB, and the way out with it.
MOST_HTML_BYTES = 80_000
LIST_NAME = "Weekly AI Tool Verdicts"
QUOTED_PRINTABLE = charset.Charset("utf-8")
QUOTED_PRINTABLE.body_encoding = charset.QP
MARKED = re.compile("(.{1,12}(?:" + "|".join(re.escape(mark) for mark in MARKS) + "))")


class MailTooLargeError(ValueError):
    """The HTML part would be cut by mail programs."""


@dataclass(frozen=True)
class RenderedMail:
    """One edition of an issue, made once; each reader's own words stand as marks in it.

    `mime` is the whole message, CRLF, not yet dot-stuffed; `html` and `text` are what it holds.
    """

    subject: str
    preheader: str
    html: str
    text: str
    mime: bytes

    @property
    def mould(self) -> Mould:
        """The message cut at its marks. Raises MouldError if one is missing or broken."""
        return Mould.of(self.mime, counts=self.mark_counts)

    @property
    def mark_counts(self) -> dict[str, int]:
        """How often each mark must stand in `mime`: once per header, and as in the bodies."""
        headers = Counter({ADDRESS: 1, UNSUBSCRIBE: 1, MESSAGE_KEY: len(key_headers())})
        bodies = Counter({mark: (self.html + self.text).count(mark) for mark in MARKS})
        return dict(headers + bodies)


def render_issue(digest: Digest, *, issue_id: int, dated_at: dt.datetime) -> RenderedMail:
    """The edition of an issue that `digest` tells. The same arguments make the same bytes."""
    context = standing_words() | {
        "digest": digest,
        "subject": digest.subject,
        "preheader": digest.preheader,
        "unsubscribe_url": link("newsletter_unsubscribe", UNSUBSCRIBE),
        "preferences_url": link("newsletter_preferences", PREFERENCES),
    }
    html = inlined(render_to_string("newsletter/email/issue.html", context))
    text = render_to_string("newsletter/email/issue.txt", context).strip() + "\n"
    message = alternatives(text, html)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["Subject"] = digest.subject
    message["Date"] = format_datetime(dated_at)
    message["List-ID"] = f"{LIST_NAME} <weekly.{mail_domain()}>"
    message["List-Archive"] = f"<{link('issue_index')}>"
    message["Feedback-ID"] = f"i{issue_id}:weekly:site:verdicts"
    message["Precedence"] = "bulk"
    return RenderedMail(
        subject=digest.subject,
        preheader=digest.preheader,
        html=html,
        text=text,
        mime=one_line_headers() + message.as_bytes(policy=SMTP),
    )


def mail_to_one(mail: OutgoingMail, *, now: dt.datetime) -> EmailMultiAlternatives:
    """A mail from the outbox, ready to send: one link, one button, no words of the visitor's."""
    reader = mail.subscriber
    ours = reader.pk, reader.token_version
    way_out = unsubscribe_token(*ours)
    context = standing_words() | {"unsubscribe_url": link("newsletter_unsubscribe", way_out)}
    match mail.kind:
        case OutgoingMail.Kind.MOVE:
            # Whoever has the address is perhaps a stranger: no link of the reader's own.
            assert mail.move is not None
            way_out = move_token(mail.move.pk, now=mail.created_at)
            subject = f"Confirm your other address for {LIST_NAME}"
            context["url"] = context["unsubscribe_url"] = link("newsletter_move", way_out)
        case OutgoingMail.Kind.CONFIRMATION:
            subject = f"Confirm your address for {LIST_NAME}"
            context["url"] = link("newsletter_confirm", confirm_token(*ours, now=now))
        case OutgoingMail.Kind.ALREADY_SUBSCRIBED:
            subject = f"You already get {LIST_NAME}"
            context["url"] = link("newsletter_preferences", preferences_token(*ours))
        case _:
            subject = f"What {settings.SITE_NAME} stores about you"
            context["url"] = link("newsletter_own_data", data_token(*ours, now=now))
    context["subject"] = subject
    name = f"newsletter/email/{mail.kind.replace('-', '_')}"
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"{name}.txt", context).strip() + "\n",
        to=[mail.address],
        headers={
            "Message-ID": f"<m{mail.pk}.{way_out[-16:]}@{mail_domain()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(inlined(render_to_string(f"{name}.html", context)), "text/html")
    message.encoding = QUOTED_PRINTABLE
    return message


def mail_to_staff(mail: RenderedMail, *, to: str) -> EmailMultiAlternatives:
    """An edition as its readers would see it, for staff; its personal links are nobody's."""
    html, text = mail.html, mail.text
    for mark, value in (
        (UNSUBSCRIBE, unsubscribe_token(0, 0)),
        (PREFERENCES, preferences_token(0, 0)),
    ):
        html, text = html.replace(mark, value), text.replace(mark, value)
    message = EmailMultiAlternatives(f"Test: {mail.subject}", text, to=[to])
    message.attach_alternative(html, "text/html")
    message.encoding = QUOTED_PRINTABLE
    return message


def one_line_headers() -> bytes:
    """The headers that hold marks, and those that signatures need on one line each."""
    headers = {
        "To": ADDRESS,
        **key_headers(),
        "List-Unsubscribe": f"<{link('newsletter_unsubscribe', UNSUBSCRIBE)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def key_headers() -> dict[str, str]:
    """One stable key per issue and reader; relays that honour one get it by their own name too."""
    headers = {"Message-ID": f"<{MESSAGE_KEY}@{mail_domain()}>"}
    if settings.NEWSLETTER_AMBIGUOUS == "idempotent":
        headers["Resend-Idempotency-Key"] = headers["X-EE-Idempotency-Key"] = MESSAGE_KEY
    return headers


def alternatives(text: str, html: str) -> EmailMessage:
    """multipart/alternative, the plain text first, both quoted-printable."""
    if len(quoted_printable(html)) > MOST_HTML_BYTES:
        raise MailTooLargeError(f"the HTML part has more than {MOST_HTML_BYTES} bytes")
    message = EmailMessage(policy=SMTP)
    message["MIME-Version"] = "1.0"
    message.make_alternative()
    message.set_boundary("=_" + hashlib.sha256((text + html).encode()).hexdigest()[:32])
    for body, kind in ((text, "plain"), (html, "html")):
        part = EmailMessage(policy=SMTP)
        part["Content-Type"] = f'text/{kind}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(quoted_printable(body))
        message.attach(part)
    return message


def quoted_printable(text: str) -> str:
    """The text in ASCII and short lines, none of which breaks a mark or begins with one."""
    return "\n".join(
        "=\n".join(
            quopri.encodestring(piece.encode()).decode("ascii")
            for piece in MARKED.split(line)
            if piece
        )
        for line in text.splitlines()
    )


def inlined(html: str) -> str:
    return css_inline.CSSInliner(inline_style_tags=False, extra_css=shape()).inline(html)


@cache
def shape() -> str:
    return render_to_string("newsletter/email/shape.css")


def link(name: str, *args: str) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def standing_words() -> dict[str, Any]:
    """What stands in every mail."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "PUBLISHER_NAME": settings.PUBLISHER_NAME,
        "PUBLISHER_ADDRESS": settings.PUBLISHER_ADDRESS,
        "publisher": f"{settings.PUBLISHER_NAME}, {settings.PUBLISHER_ADDRESS}",
    }
