"""Every list of the desk costs a pinned number of queries, however many rows it shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_panel,
    make_price,
    make_sending_issue,
    make_source,
    make_subscriber,
    make_tool,
    make_votes,
)
from tests.verdicts.desk.conftest import make_staff
from tools.models import Correction
from votes.models import Reason, Status

SignIn = Callable[[str], Client]

# Log-in, permissions, filters and the count are among them.
QUERIES = {
    "auth.group": 6,
    "auth.user": 8,
    "axes.accessattempt": 7,
    "axes.accessfailurelog": 7,
    "axes.accesslog": 7,
    "newsletter.consenttext": 5,
    "newsletter.issue": 8,
    "newsletter.mailevent": 8,
    "newsletter.subscriber": 5,
    "newsletter.switch": 7,
    "reviews.review": 9,
    "reviews.reviewer": 6,
    "tools.category": 6,
    "tools.comparison": 8,
    "tools.correction": 7,
    "tools.formerslug": 5,
    "tools.pricepoint": 9,
    "tools.source": 7,
    "tools.tool": 6,
    "votes.auditentry": 7,
    "votes.heldvote": 7,
}


def fill(rows: int) -> None:
    for number in range(rows):
        tool, other = make_tool(category=make_category(f"category-{number}")), make_tool()
        make_panel(tool)
        make_price(tool, source=make_source())
        tool.rename_slug(f"renamed-{number}-{tool.pk}")
        comparison = make_comparison(tool, other)
        Correction.objects.create(
            comparison=comparison, wrong="$1.", right="$2.", since_on=TODAY, published_at=NOW
        )
        make_votes(tool, ships=1, status=Status.HELD, reason=Reason.NETWORK_RATE)
        make_subscriber()
        make_staff(f"writer-{number}", role="writer")


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.django_db
def test_every_list_has_a_pinned_number_of_queries(sign_in: SignIn) -> None:
    client = sign_in("superuser")
    make_sending_issue()
    lists = {
        model._meta.label_lower: reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        )
        for model, shown in admin.site._registry.items()
        if shown.get_urls()
    }
    fill(2)
    few = {label: queries_of(client, address) for label, address in lists.items()}
    fill(6)
    many = {label: queries_of(client, address) for label, address in lists.items()}

    assert many == few
    assert few == QUERIES
