"""How the tests of the site read it."""

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def page(client: Client) -> Callable[[str], str]:
    """The text of the page at an address, which must answer."""

    def text(address: str) -> str:
        response = client.get(address)
        assert response.status_code == 200, address
        return response.content.decode()

    return text
