"""Links are asked on demand, and nothing inside the network is ever spoken to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.factories import make_price, make_source, make_tool
from verdicts.desk import link_check
from verdicts.desk.link_check import check_link, check_links, is_allowed


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status = 302 if self.path.startswith("/to/") else int(self.path.strip("/") or 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.path.removeprefix("/to/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """A web server on this machine that the tests allow."""
    server = HTTPServer(("127.0.0.1", 0), Site)
    Site.asked = []
    settings.LINK_CHECK_ALLOW = [f"127.0.0.1:{server.server_port}"]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_link_that_answers_is_well(site: str) -> None:
    finding = check_link(f"{site}/")
    assert finding.is_well
    assert finding.words == "answers 200"


def test_a_link_that_is_gone_is_not(site: str) -> None:
    assert not check_link(f"{site}/404").is_well
    assert check_link(f"{site}/404").words == "answers 404"


def test_a_site_that_turns_programs_away_is_not_called_broken(site: str) -> None:
    assert "turns programs away" in check_link(f"{site}/403").words


def test_where_a_link_moved_to_is_said(site: str) -> None:
    finding = check_link(f"{site}/to//200")
    assert finding.is_well
    assert finding.moved_to == f"{site}/200"


def test_a_redirect_into_the_network_is_not_followed(site: str, settings: Settings) -> None:
    other = HTTPServer(("127.0.0.1", 0), Site)
    finding = check_link(f"{site}/to/http://127.0.0.1:{other.server_port}/secret")
    other.server_close()
    assert "private address" in finding.problem
    assert Site.asked == [f"/to/http://127.0.0.1:{other.server_port}/secret"]


def test_redirects_end(site: str) -> None:
    circle = f"{site}/to/" + "/to/" * 8
    assert "more than 5 times" in check_link(circle).problem


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://user:secret@127.0.0.1/",
        "http://example.org@10.0.0.1/",
        "http://100.64.0.1/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::1]/",
        "http://[2001:0:a00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
    ],
)
def test_private_addresses_are_never_connected_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        pytest.fail("connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert "private address" in check_link(url).problem


def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers differently the second time is never asked a second time."""
    answers = iter([("93.184.215.14", 80), ("127.0.0.1", 80)])
    connected = []

    def look_up(*args: object, **kwargs: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

    def connect(self: socket.socket, address: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    check_link("http://rebinding.example/")
    assert connected == [("93.184.215.14", 80)]


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "https://", "javascript:alert(1)", "x"]
)
def test_only_web_addresses_are_asked(url: str) -> None:
    assert check_link(url).problem


def test_odd_ports_are_not_knocked_at() -> None:
    assert is_allowed("93.184.215.14", 443)
    assert is_allowed("2606:2800:21f:cb07:6820:80da:af6b:8b2c", 443)
    assert not is_allowed("93.184.215.14", 5432)


def test_an_answer_that_drips_ends_too(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(link_check, "LONGEST", 0.3)
    monkeypatch.setattr(link_check, "TIMEOUT", 30)

    def drip(server: socket.socket) -> None:
        visitor, _ = server.accept()
        with visitor, suppress(OSError):
            visitor.sendall(b"HTTP/1.1 200 OK\r\n")
            while visitor.recv(1):
                visitor.sendall(b"X-More: 1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        settings.LINK_CHECK_ALLOW = [address]
        dripping = Thread(target=drip, args=[server], daemon=True)
        dripping.start()
        assert check_link(f"http://{address}/").problem
        dripping.join(timeout=10)
        assert not dripping.is_alive()


def test_silence_ends_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(link_check, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        settings.LINK_CHECK_ALLOW = [address]
        assert "gives no answer" in check_link(f"http://{address}/").problem


def test_the_same_link_is_asked_once(site: str) -> None:
    assert len(check_links([f"{site}/", f"{site}/", f"{site}/404"])) == 2
    assert sorted(Site.asked) == ["/", "/404"]


@pytest.mark.django_db
def test_the_desk_checks_website_and_sources_when_asked(
    sign_in: Callable[[str], Client], site: str
) -> None:
    tool = make_tool(website=f"{site}/200")
    make_price(tool, source=make_source(url=f"{site}/404"))
    client = sign_in("writer")
    address = reverse("admin:tools_tool_links", args=[tool.pk])
    assert f"{site}/404" in client.get(address).content.decode()
    assert not Site.asked, "a look asks nobody"
    page = client.post(address).content.decode()
    assert "answers 200" in page
    assert "answers 404" in page
