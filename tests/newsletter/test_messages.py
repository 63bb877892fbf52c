"""An issue's mail: the same bytes every time, whole at every reader, small, and free of spies."""

import datetime as dt
import re
import socket
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.core import mail as sent_mail
from django.urls import resolve
from django.utils import timezone

from newsletter.digest import Digest, Item, Section, Side
from newsletter.messages import MOST_HTML_BYTES, MailTooLargeError, mail_to_one, render_issue
from newsletter.models import OutgoingMail
from newsletter.moulds import Cast
from newsletter.tokens import preferences_token, unsubscribe_token
from tests.factories import make_move, make_subscriber

DATED = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def make_side(name="Avocet Lite", **said):
    words = {
        "panel": "100%, 4 of 4",
        "community": "74% (68–80%), 212 votes",
        "entry": "Free, open weights",
    }
    return Side(name=name, **words | said)


def make_item(first="Avocet Lite", second="Loupe Nano", **fields):
    made = {
        "section": Section.NEW,
        "path": f"/compare/{first}-vs-{second}/".lower().replace(" ", "-"),
        "first": make_side(first),
        "second": make_side(second),
        "icon": "ship",
        "ship": first,
        "line": f"Ship {first}.",
        "reason": "The panel, 3 to 2; readers are not settled.",
        "topics": (1,),
    }
    return Item(**made | fields)


def make_digest(*items, **fields):
    return Digest(dated_on=DATED.date(), items=items or (make_item(),), **fields)


def make_mail(digest=None):
    return render_issue(digest or make_digest(), issue_id=42, dated_at=DATED)


def cast_for(number=1, address="reader@example.org"):
    return Cast(
        address=address,
        message_key=f"i42.{number:016x}",
        unsubscribe=unsubscribe_token(number, 1),
        preferences=preferences_token(number, 1),
    )


def received(mail, cast):
    """The mail as its reader's program sees it."""
    wire = mail.mould.cast(cast)
    return message_from_bytes(wire.replace(b"\r\n..", b"\r\n."), policy=policy.default)


def full_digest():
    return make_digest(
        make_item(headline="Ship Avocet for the overnight queue. " * 10),
        *(make_item("Fieldglass", f"Tool {n}", icon="tie", line="A tie.") for n in range(7)),
        make_item("Minnow", section=Section.CHANGED, cause="The Skeptic, on Minnow."),
        Item(
            section=Section.DISAGREEMENT,
            path="/tools/quillwort/",
            first=make_side("Quillwort"),
            second=None,
            icon="split",
            ship="",
            line="Panel says ship; voting readers lean skip (probability >99%).",
        ),
        left_out=3,
        intro="A long week.\n\nThe panel changed its mind once.",
    )


def test_the_same_digest_makes_the_same_bytes():
    digest = replace(full_digest(), left_out=0)
    again = Digest.of_json(digest.as_json())
    assert make_mail(digest).mime == make_mail(again).mime
    assert make_mail(make_digest(intro="Hello.")).mime != make_mail().mime


def test_headers_say_what_mail_programs_need():
    message = received(make_mail(), cast_for())
    assert message["To"] == "reader@example.org"
    assert message["From"] == "Verdicts <letter@verdicts.example>"
    assert message["Subject"] == "Avocet Lite vs Loupe Nano: ship Avocet Lite"
    assert message["Date"].datetime == DATED
    assert message["Message-ID"] == "<i42.0000000000000001@verdicts.example>"
    assert message["List-ID"] == "Weekly AI Tool Verdicts <weekly.verdicts.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Archive"] == "<http://127.0.0.1:8000/newsletter/issues/>"
    assert message["Feedback-ID"] == "i42:weekly:site:verdicts"
    assert message["Precedence"] == "bulk"
    assert message["MIME-Version"] == "1.0"
    assert message["Auto-Submitted"] is None
    unsubscribe = message["List-Unsubscribe"].removeprefix("<http://127.0.0.1:8000").rstrip(">")
    assert resolve(unsubscribe).url_name == "newsletter_unsubscribe"


def test_signed_headers_stand_on_one_line_each_however_long_the_site_s_name(settings):
    settings.SITE_URL = "https://" + "a-very-long-name." * 6 + "example"
    wire = make_mail().mould.cast(cast_for())
    head = wire.partition(b"\r\n\r\n")[0]
    assert re.search(rb"^List-Unsubscribe: <https://\S+>\r$", head, re.MULTILINE)
    assert re.search(rb"^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$", head, re.MULTILINE)


def test_it_has_two_parts_that_every_relay_takes():
    longest = "x" * 64 + "@" + ".".join(["y" * 60] * 3) + ".org"
    wire = make_mail(full_digest()).mould.cast(cast_for(2**62, address=longest))
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998
    body = wire.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    message = message_from_bytes(wire, policy=policy.default)
    parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert not message.defects
    assert not any(part.defects for part in parts)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_arrive_as_they_were_written(kind):
    mail, cast = make_mail(full_digest()), cast_for(7)
    part = received(mail, cast).get_body((kind,)).get_content().replace("\r\n", "\n")
    written = mail.text if kind == "plain" else mail.html
    for mark, value in (
        ("xUNSUBSCRIBETOKENx", cast.unsubscribe),
        ("xPREFERENCESTOKENx", cast.preferences),
    ):
        assert mark in written
        written = written.replace(mark, value)
    assert part.rstrip() == written.rstrip()


def test_two_readers_mails_differ_in_their_own_tokens_alone():
    mail = make_mail(full_digest())
    one, other = cast_for(1, "one@example.org"), cast_for(2, "another@example.org")
    first, second = mail.mould.cast(one), mail.mould.cast(other)
    for field in ("address", "message_key", "unsubscribe", "preferences"):
        first = first.replace(getattr(one, field).encode(), getattr(other, field).encode())
    assert first == second


def test_names_in_any_script_arrive():
    digest = make_digest(make_item("Zürich <b>", "日本語ツール", headline="=3D & “quotes” …"))
    message = received(make_mail(digest), cast_for())
    assert message["Subject"] == "Zürich <b> vs 日本語ツール: ship Zürich <b>"
    assert "日本語ツール" in message.get_body(("plain",)).get_content()
    assert "Zürich &lt;b&gt;" in message.get_body(("html",)).get_content()
    assert "=3D & “quotes” …" in message.get_body(("plain",)).get_content()


ODD = [
    "New\r\nBcc: you@example.org",
    "New\nX: y\x0bz\u2028w",
    "\x01\x1b\x7f",
    "N" * 80,
    "語" * 80,
    "👩‍👩‍👧‍👦" * 11,
    "\u202eltr\u202c",
    "e\u0301" * 40,
    ".",
    "-- ",
    "</html><script>",
    "{{ subject }}{% now %}",
    "",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", ["name", "intro", "headline", "cause"])
def test_no_word_of_the_catalogue_breaks_the_mail(odd, place):
    item = make_item(odd, f"{odd}2", path="/compare/a-vs-b/") if place == "name" else make_item()
    if place in {"headline", "cause"}:
        item = replace(item, **{place: odd})
    mail = make_mail(make_digest(item, intro=odd if place == "intro" else ""))
    message = received(mail, cast_for())
    assert message.keys() == received(make_mail(), cast_for()).keys()
    assert message["Subject"].split() == mail.subject.split()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    html = message.get_body(("html",)).get_content()
    assert html.rstrip().endswith("</html>")
    assert "<script" not in html


def test_lines_that_begin_with_a_dot_survive_the_wire():
    digest = make_digest(make_item(headline=".\n..two\n.hidden"))
    wire = make_mail(digest).mould.cast(cast_for())
    assert b"\r\n.\r\n" not in wire


def test_it_spies_on_nobody_and_loads_nothing():
    html = make_mail(full_digest()).html
    assert not re.search(r"<(img|script|link|iframe|video|object)\b", html)
    assert not re.search(r"url\(|@import|@font-face", html)
    assert set(re.findall(r"https?://[^/\"]+", html)) == {"http://127.0.0.1:8000"}


def test_every_link_leads_to_a_page_of_the_site():
    mail = make_mail(full_digest())
    html_links = set(re.findall(r'href="http://127\.0\.0\.1:8000([^"]+)"', mail.html))
    text_links = set(re.findall(r"http://127\.0\.0\.1:8000(\S+)", mail.text))
    assert html_links == text_links
    names = {resolve(path).url_name for path in html_links}
    assert names == {
        "comparison_detail",
        "comparison_index",
        "issue_detail",
        "newsletter_preferences",
        "newsletter_unsubscribe",
        "tool_detail",
    }


def test_the_way_out_stands_in_the_first_screen_too():
    html = make_mail(full_digest()).html
    assert html.count("/newsletter/unsubscribe/") == 2
    assert html.index("/newsletter/unsubscribe/") < html.index("<h1")


def test_dark_mode_is_left_to_the_reader_s_program():
    html = make_mail().html
    assert "@media (prefers-color-scheme: dark)" in html
    assert '<meta name="color-scheme" content="light dark">' in html
    inline = " ".join(re.findall(r'style="([^"]*)"', html))
    assert "margin: 0" in inline
    assert "color:" not in inline


def test_the_publisher_stands_in_every_mail(settings):
    settings.PUBLISHER_NAME, settings.PUBLISHER_ADDRESS = "Corvid & Co", "1 Example Street"
    mail = make_mail()
    assert "Corvid &amp; Co, 1 Example Street" in mail.html
    assert "Corvid & Co, 1 Example Street" in mail.text


def test_the_longest_issue_stays_far_below_what_gmail_cuts():
    names = ["日" * 80, "本" * 80]
    path = f"/compare/{'a' * 80}-vs-{'b' * 80}/"
    worst = make_item(*names, path=path, headline="語" * 400, reason="語" * 160)
    mail = make_mail(make_digest(*[worst] * 10, intro="語" * 2000))
    html = mail.mime.partition(b"text/html")[2]
    assert len(html) < MOST_HTML_BYTES


def test_one_that_would_be_cut_is_refused():
    with pytest.raises(MailTooLargeError):
        make_mail(make_digest(intro="語" * 9000))


class Inbox:
    """What a real SMTP server was handed."""

    def __init__(self, port):
        self.port = port
        self.messages = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.messages.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def inbox():
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        inbox = Inbox(free.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    controller.start()
    yield inbox
    controller.stop()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(OutgoingMail.Kind))
def test_a_mail_that_a_person_waits_for_goes_through_a_real_relay(kind, inbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = inbox.port
    now = timezone.now()
    reader = make_subscriber("o'brien&co=x@example.org")
    move = make_move(reader, "x+o'brien&co=x@example.org", at=now) if kind == "move" else None
    post = OutgoingMail.post(reader, kind, move=move, now=now)
    assert post
    mail_to_one(post, now=now).send()

    [(recipients, content)] = inbox.messages
    assert recipients == [move.email if move else reader.email]
    assert content.isascii()
    message = message_from_bytes(content, policy=policy.default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@verdicts.example>")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    links = set(re.findall(r"http://127\.0\.0\.1:8000(\S+)", text))
    assert links == set(re.findall(r'href="http://127\.0\.0\.1:8000([^"]+)"', html))
    assert len(links) == (1 if move else 2)
    assert all(resolve(path) for path in links)
    assert "brien" not in text + html
    assert not sent_mail.outbox
