import pytest

from votes import limits


@pytest.fixture(autouse=True)
def _fresh_counters(request):
    """A salt of its own gives every test counters of its own."""
    limits.salt_of.cache_clear()
    yield
    limits.salt_of.cache_clear()
