"""Invented subscribers for benchmarks."""

import pytest
from django.db.models import Count

from newsletter.growth import grow_subscribers
from newsletter.models import Subscriber
from tests.factories import NOW, make_category, make_subscriber


@pytest.mark.django_db
def test_subscribers_grow_in_every_state_but_real_domains():
    make_category()
    make_subscriber("reader@verdicts.example")
    said = []
    grow_subscribers(500, now=NOW, progress=lambda *words: said.append(words))
    grow_subscribers(500, now=NOW, progress=lambda *words: said.append(words))

    grown = Subscriber.objects.exclude(email="reader@verdicts.example")
    states = dict(grown.values_list("state").annotate(count=Count("pk")).order_by())
    assert sum(states.values()) == 1000
    assert states["confirmed"] > 850
    assert states.keys() == {
        "confirmed",
        "pending",
        "unsubscribed",
        "undeliverable",
        "complained",
    }
    domains = {email.partition("@")[2] for email in grown.values_list("email", flat=True)}
    assert domains == {"example.org", "example.com", "example.net"}
    assert grown.exclude(topics=[]).exists()
    assert said == [("subscribers", 500, 500)] * 2
