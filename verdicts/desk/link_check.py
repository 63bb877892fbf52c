"""Whether links still answer, asked for by an editor and safe for the network the site runs in.

The address that a name resolves to is checked at the moment of connecting, and connected to as
checked, at every redirect anew: none that is private, local or reserved is ever spoken to.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import urljoin, urlsplit

from django.conf import settings

# Seconds for one connection, for one word of an answer, and for all of it.
TIMEOUT = 5.0
LONGEST = 10.0
MOST_REDIRECTS = 5
AT_ONCE = 8
REDIRECTS = {301, 302, 303, 307, 308}
GLOBAL_UNICAST = IPv6Network("2000::/3")
REFUSED = {401, 403, 405, 429, 503}
AGENT = f"{settings.SITE_NAME} link check (+{settings.SITE_URL})"


class ForbiddenAddressError(OSError):
    """The name leads to an address inside, where an editor's link has no business."""


class TooManyRedirectsError(OSError):
    """It sends on and on."""


class NotAWebAddressError(OSError):
    """Neither http nor https, or without a host."""


@dataclass(frozen=True)
class Finding:
    """What became of a link. `status` is 0 when nothing answered; `problem` says why."""

    url: str
    status: int = 0
    moved_to: str = ""
    problem: str = ""

    @property
    def is_well(self) -> bool:
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        if self.problem:
            return self.problem
        moved = f", moved to {self.moved_to}" if self.moved_to else ""
        # Many sites turn programs away; that says nothing of the link.
        unsure = (
            ", which may only mean that it turns programs away" if self.status in REFUSED else ""
        )
        return f"answers {self.status}{unsure}{moved}"


def check_links(urls: Iterable[str]) -> list[Finding]:
    """One finding for each different link, in the order given."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(check_link, dict.fromkeys(urls)))


def check_link(url: str) -> Finding:
    here = url
    try:
        for _ in range(MOST_REDIRECTS + 1):
            status, there = ask(here)
            if status not in REDIRECTS or not there:
                return Finding(url, status, moved_to=here if here != url else "")
            here = urljoin(here, there)
        raise TooManyRedirectsError(f"sends on more than {MOST_REDIRECTS} times")
    except TimeoutError:
        return Finding(url, problem=f"gives no answer within {TIMEOUT:.0f} seconds")
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return Finding(url, problem=str(problem) or type(problem).__name__)


def ask(url: str) -> tuple[int, str]:
    """Status and Location of one GET; the body is not read."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NotAWebAddressError("is not a web address")
    kind = CheckedHTTPS if parts.scheme == "https" else CheckedHTTP
    connection = kind(parts.hostname, parts.port or kind.default_port, timeout=TIMEOUT)
    # Whoever drips an answer byte by byte never lets the time-out come.
    end = Timer(LONGEST, hang_up, [connection])
    end.start()
    try:
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", path, headers={"User-Agent": AGENT, "Accept": "*/*"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        end.cancel()
        connection.close()


def hang_up(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


class CheckedHTTP(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = checked_socket(self.host, self.port)


class CheckedHTTPS(http.client.HTTPSConnection):
    def connect(self) -> None:
        self.sock = checked_socket(self.host, self.port)
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def checked_socket(host: str, port: int) -> socket.socket:
    """A connection to the very address that was checked, so that no second look-up can differ."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as problem:
        raise OSError(f"no such host: {host}") from problem
    family, kind, protocol, _, address = found[0]
    if not is_allowed(str(address[0]), port) and f"{host}:{port}" not in settings.LINK_CHECK_ALLOW:
        raise ForbiddenAddressError(f"{host} leads to a private address, which is not visited")
    connection = socket.socket(family, kind, protocol)
    connection.settimeout(TIMEOUT)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def is_allowed(address: str, port: int) -> bool:
    """A public address, on a port that web pages have."""
    at = ip_address(address.partition("%")[0])
    at = getattr(at, "ipv4_mapped", None) or at
    if isinstance(at, IPv6Address) and not is_unicast(at):
        return False
    return at.is_global and not at.is_multicast and port in {80, 443, 8080, 8443}


def is_unicast(at: IPv6Address) -> bool:
    """Of the range that is handed out, and no IPv4 address in disguise (6to4, Teredo, NAT64)."""
    return at in GLOBAL_UNICAST and at.sixtofour is None and at.teredo is None
