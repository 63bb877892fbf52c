import pytest

from tests.factories import make_tool
from tests.votes.casting import cast, hold
from votes import limits


@pytest.fixture(autouse=True)
def _fresh_counters(request):
    """A salt of its own gives every test counters of its own."""
    limits.salt_of.cache_clear()
    yield
    limits.salt_of.cache_clear()


@pytest.fixture
def heap():
    """Three held votes of one network and one of another, on one tool, in one day."""
    tool = make_tool("loupe")
    for _ in range(3):
        hold(tool, network=b"one")
    hold(tool, "skip", network=b"two", agent=b"other")
    cast(tool, network=b"three")
    return tool
