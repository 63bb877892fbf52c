"""Where a request comes from: whether our own page sent it, and from which network.

Shared by every public form: the ballots, and the newsletter's sign-up.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = IPv4Address("0.0.0.0")  # noqa: S104  a name for nobody; nothing listens there

OWN_PORTS = {"http": ":80", "https": ":443"}


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Another site's page sent the form, or a browser that only looks ahead.

    True when Sec-Fetch-Site is there and not same-origin, when Origin or Referer names another
    host than the request's own, or for a prefetch. With none of the headers: False.
    """
    headers = request.headers
    if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return True
    if "prefetch" in headers.get("Sec-Purpose", "") + headers.get("Purpose", ""):
        return True
    named = [headers[name] for name in ("Origin", "Referer") if headers.get(name)]
    own = _host_of(f"{request.scheme}://{request.get_host()}")
    return any(_host_of(address) != own for address in named)


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address:
    """The client's address, as seen by the outermost proxy that is to be believed.

    That is the TRUSTED_PROXIES-th from the right of X-Forwarded-For, else the left-most,
    else the peer. The outermost proxy must drop X_Forwarded_For, with underscores, as nginx
    does by itself: a WSGI server hands both on under one name.
    """
    hops = settings.TRUSTED_PROXIES
    line = request.headers.get("x-forwarded-for", "") if hops else ""
    forwarded = [part.strip() for part in line.split(",") if part.strip()]
    for text in (*forwarded[-hops:][:1], request.META.get("REMOTE_ADDR", "")):
        try:
            address = ip_address(_without_port(text))
        except ValueError:
            continue
        return getattr(address, "ipv4_mapped", None) or address
    return UNKNOWN


def network_of(request: HttpRequest, *, ipv6_prefix: int = 48) -> str:
    """The client's network: '203.0.113.0/24', '2001:db8:1::/48'."""
    address = client_address(request)
    prefix = 24 if isinstance(address, IPv4Address) else ipv6_prefix
    return str(ip_network((address, prefix), strict=False))


def _without_port(text: str) -> str:
    """'203.0.113.7' of '203.0.113.7:4711', '2001:db8::1' of '[2001:db8::1]:4711'."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _host_of(address: str) -> str:
    """The host, with its port unless it is the scheme's own; '' for 'null' or nonsense."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    # Browsers leave the scheme's own port out of Origin; some proxies write it into Host.
    return parts.netloc.lower().removesuffix(OWN_PORTS.get(parts.scheme, ""))
