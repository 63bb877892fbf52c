"""Who is signed in at the desk."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client


def test_the_cookies_of_another_site_on_this_host_sign_nobody_out(
    sign_in: Callable[[str], Client],
) -> None:
    """A browser sends them after ours, and of two cookies of one name the later one is read."""
    client = sign_in("superuser")
    client.cookies["sessionid"] = client.cookies["csrftoken"] = "a" * 32
    assert client.get("/admin/").status_code == 200
