"""Whether our own page sent a form, and from which network."""

import pytest
from django.test import RequestFactory

from votes.visitors import client_address, comes_from_elsewhere, network_of


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://testserver"},
        {"Referer": "http://testserver/compare/a-vs-b/"},
        {"Origin": "https://TESTSERVER"},
    ],
)
def test_our_own_forms_are_accepted(headers, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert not comes_from_elsewhere(RequestFactory().post("/", headers=headers))


@pytest.mark.parametrize("is_secure", [True, False])
def test_a_proxy_may_name_the_port_that_browsers_leave_out(is_secure, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    headers = {"Host": "testserver:443", "Origin": "https://testserver"}
    request = RequestFactory().post("/", headers=headers, secure=is_secure)
    assert comes_from_elsewhere(request) != is_secure


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:8001"},
        {"Referer": "https://elsewhere.example/testserver"},
        {"Referer": "http://[broken"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
def test_forms_from_elsewhere_and_prefetches_are_not(headers, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert comes_from_elsewhere(RequestFactory().post("/", headers=headers))


@pytest.mark.parametrize(
    ("hops", "forwarded", "found"),
    [
        (0, "198.51.100.1", "192.0.2.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.7, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.7, 198.51.100.1", "203.0.113.7"),
        (3, "203.0.113.7, 198.51.100.1", "203.0.113.7"),
        (1, "", "192.0.2.9"),
        (1, "nonsense", "192.0.2.9"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "1:2:3", "192.0.2.9"),
    ],
)
def test_the_client_is_believed_as_far_as_the_proxies_are(hops, forwarded, found, settings):
    settings.TRUSTED_PROXIES = hops
    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.9", headers={"X-Forwarded-For": forwarded}
    )
    assert str(client_address(request)) == found


def test_a_network_is_a_24_or_a_48():
    four = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    six = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2::3")
    assert network_of(four) == "203.0.113.0/24"
    assert network_of(six) == "2001:db8:1::/48"
    assert network_of(six, ipv6_prefix=64) == "2001:db8:1:2::/64"


def test_nobody_is_a_network_too():
    assert network_of(RequestFactory().get("/", REMOTE_ADDR="")) == "0.0.0.0/24"
    assert network_of(RequestFactory().get("/", REMOTE_ADDR="fe80::1%eth0")) == "fe80::/48"
