"""Nobody without the permission reaches anything by typing an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.factories import NOW, make_comparison, make_price, make_review, make_source, make_tool
from tests.verdicts.desk.conftest import make_staff
from tools.models import Correction
from verdicts.desk.roles import ROLES, create_roles

SignIn = Callable[[str], Client]
EVERYBODY = ["anonymous", "staff", "writer", "editor", "publisher", "superuser"]
# What each role may open of the lists. Rooms that come later are looked up by their label.
WRITERS = {
    "tools.category",
    "tools.source",
    "tools.tool",
    "tools.pricepoint",
    "tools.comparison",
    "tools.correction",
    "reviews.reviewer",
    "reviews.review",
}
PUBLISHERS = {"auth.user", "axes.accesslog", "axes.accessfailurelog", "axes.accessattempt"}


def may_open(role: str, model: str) -> bool:
    app = model.split(".")[0]
    if role == "superuser":
        return True
    if role in {"anonymous", "staff"}:
        return False
    return (
        model in WRITERS
        or (app == "votes" and role in {"editor", "publisher"})
        or (role == "publisher" and (app == "newsletter" or model in PUBLISHERS))
    )


def every_list() -> Iterator[str]:
    for model in admin.site._registry:
        yield model._meta.label_lower


@pytest.fixture
def published_pair(db: None) -> None:
    one, other = make_tool("aider"), make_tool("cline")
    make_price(one)
    make_review(one, "builder")
    make_source()
    comparison = make_comparison(one, other)
    Correction.objects.create(
        comparison=comparison, wrong="No.", right="Yes.", since_on=NOW.date(), published_at=NOW
    )


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_opens_its_own_lists_and_no_other(sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    for model in every_list():
        address = reverse(f"admin:{model.replace('.', '_')}_changelist")
        status = client.get(address).status_code
        refused = 302 if role == "anonymous" else 403
        assert status == (200 if may_open(role, model) else refused), (role, address)


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.usefixtures("published_pair")
def test_pages_of_one_object_open_only_with_their_list(sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    for model in every_list():
        first = apps.get_model(model)._default_manager.order_by("pk").first()
        for page in ("change", "history", "delete", "simple_history", "hand_back"):
            if first is None or (page == "delete" and may_open(role, model)):
                continue
            arguments = [first.pk]
            if page == "simple_history":
                versions = first.history.all() if hasattr(first, "history") else []
                if not versions:
                    continue
                arguments += [versions[0].pk]
            try:
                address = reverse(f"admin:{model.replace('.', '_')}_{page}", args=arguments)
            except NoReverseMatch:
                continue
            status = client.get(address).status_code
            if not may_open(role, model):
                assert status == (302 if role == "anonymous" else 403), (role, address)
            elif page in {"change", "history"}:
                assert status == 200, (role, address)


@pytest.mark.usefixtures("published_pair")
@pytest.mark.parametrize("page", ["change", "delete", "hand_back"])
@pytest.mark.parametrize("model", ["tool", "comparison"])
def test_a_writer_changes_nothing_that_readers_see(sign_in: SignIn, model: str, page: str) -> None:
    published = apps.get_model("tools", model).objects.first()
    address = reverse(f"admin:tools_{model}_{page}", args=[published.pk])
    assert sign_in("writer").post(address, {"post": "yes"}).status_code == 403


@pytest.mark.usefixtures("published_pair")
@pytest.mark.parametrize("model", ["tool", "comparison", "correction"])
def test_a_writer_restores_nothing_that_readers_see(sign_in: SignIn, model: str) -> None:
    published = apps.get_model("tools", model).objects.first()
    version = published.history.first()
    address = reverse(f"admin:tools_{model}_simple_history", args=[published.pk, version.pk])
    client = sign_in("writer")
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 403


@pytest.mark.usefixtures("published_pair")
def test_a_writer_adds_no_price_or_verdict_to_a_published_tool(sign_in: SignIn) -> None:
    client = sign_in("writer")
    for row in ("tools_pricepoint", "reviews_review"):
        assert client.get(reverse(f"admin:{row}_add")).status_code == 403


def test_a_publisher_makes_no_superuser(sign_in: SignIn) -> None:
    client = sign_in("publisher")
    colleague = make_staff("colleague")
    client.post(
        reverse("admin:auth_user_change", args=[colleague.pk]),
        {
            "username": "colleague",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [Group.objects.get(name="editor").pk],
            "date_joined_0": "2026-11-22",
            "date_joined_1": "12:00:00",
        },
    )
    colleague = User.objects.get(pk=colleague.pk)
    assert [str(role) for role in colleague.groups.all()] == ["editor"]
    assert not colleague.is_superuser


def test_a_publisher_cannot_touch_a_superuser(sign_in: SignIn) -> None:
    boss = make_staff("boss", is_superuser=True)
    client = sign_in("publisher")
    for page in ("auth_user_change", "auth_user_password_change"):
        address = reverse(f"admin:{page}", args=[boss.pk])
        assert client.post(address, {"username": "mine"}).status_code == 403


def test_creating_the_roles_again_restores_them(db: None) -> None:
    create_roles()
    writer = Group.objects.get(name="writer")
    before = set(writer.permissions.all())
    writer.permissions.clear()
    create_roles()
    assert set(writer.permissions.all()) == before
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
