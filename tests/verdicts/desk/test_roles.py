"""Nobody without the permission reaches anything by typing an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import URLResolver, reverse

from tests.factories import (
    NOW,
    make_comparison,
    make_price,
    make_review,
    make_sending_issue,
    make_source,
    make_subscriber,
    make_tool,
    make_votes,
)
from tests.verdicts.desk.conftest import make_staff
from tools.models import Correction, Tool
from verdicts.desk.roles import ROLES, create_roles
from votes.models import Reason, Status

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


# Pages that belong to no list, and who opens them beside superusers.
EVERY_STAFF = {"anonymous": 302} | dict.fromkeys(["staff", "writer", "editor", "publisher"], 200)
OF_NO_LIST = {
    "index": EVERY_STAFF,
    "password_change": EVERY_STAFF,
    "password_change_done": EVERY_STAFF,
    "jsi18n": EVERY_STAFF,
    "recovery_codes": EVERY_STAFF,
    "import": EVERY_STAFF | {"staff": 403, "writer": 403},
    "autocomplete": EVERY_STAFF | dict.fromkeys(["staff", "writer", "editor", "publisher"], 403),
    # The way in and the way out; the second factor sends on whoever needs none.
    "login": dict.fromkeys(EVERY_STAFF, 302) | {"anonymous": 200},
    "logout": dict.fromkeys(EVERY_STAFF, 405) | {"anonymous": 302},
    "second_factor": dict.fromkeys(EVERY_STAFF, 302),
}
# Nothing there without a further number or name; tried by tests of their own.
ELSEWHERE = {"app_list", "view_on_site"}


def every_address() -> Iterator[tuple[str, str]]:
    """The name and an address of each page of the admin; of pages of one object, a real one's."""
    patterns = list(admin.site.get_urls())
    while patterns:
        pattern = patterns.pop()
        if isinstance(pattern, URLResolver):
            patterns += pattern.url_patterns
        elif pattern.name and pattern.name not in ELSEWHERE:
            arguments = arguments_of(pattern.name, pattern.pattern.regex.groups)
            if arguments is not None:
                yield pattern.name, reverse(f"admin:{pattern.name}", args=arguments)


def arguments_of(name: str, wanted: int) -> list[int] | None:
    """As many numbers as the address needs, of an object that is there."""
    if not wanted:
        return []
    model = next(model for model in every_list() if name.startswith(model.replace(".", "_") + "_"))
    one = apps.get_model(model)._default_manager.order_by("pk").first()
    if one is None or wanted == 1:
        return [one.pk] if one else None
    version = one.history.first()
    return [one.pk, version.pk] if version else None


@pytest.fixture
def full_house(published_pair: None) -> None:
    """One of everything that the desk shows."""
    make_sending_issue(make_subscriber())
    make_votes(Tool.objects.earliest("pk"), ships=1, status=Status.HELD, reason=Reason.NETWORK_RATE)
    Tool.objects.earliest("pk").rename_slug("renamed")


@pytest.mark.usefixtures("full_house")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", EVERYBODY)
def test_no_address_of_the_admin_opens_without_its_permission(
    sign_in: SignIn, role: str, method: str
) -> None:
    """Every address that the admin has, by walking its own list of them."""
    client, tried = sign_in(role), set()
    for name, address in every_address():
        tried.add(name)
        model = next((one for one in every_list() if name.startswith(one.replace(".", "_"))), "")
        if name in OF_NO_LIST:
            if method == "get" and role in OF_NO_LIST[name]:
                assert client.get(address).status_code == OF_NO_LIST[name][role], (role, name)
        elif not may_open(role, model):
            status = getattr(client, method)(address).status_code
            assert status == (302 if role == "anonymous" else 403) or (
                status == 405 and role != "anonymous"
            ), (role, address, status)
        elif method == "get" and not name.endswith(("_add", "_delete", "_hand_back")):
            assert client.get(address).status_code in {200, 302, 405}, (role, address)
    assert len(tried) > 100
    assert set(OF_NO_LIST) <= tried


@pytest.mark.usefixtures("published_pair")
def test_an_address_that_leads_on_tells_nobody_of_drafts(sign_in: SignIn) -> None:
    draft = make_tool("secret", is_published=False)
    kind = ContentType.objects.get_for_model(Tool)
    address = reverse("admin:view_on_site", args=[kind.pk, draft.pk])
    assert sign_in("staff").get(address).status_code == 403
    assert "secret" in sign_in("writer").get(address)["Location"]


def test_search_boxes_tell_nobody_of_tools_who_may_not_see_them(sign_in: SignIn) -> None:
    make_tool("aider")
    asked = {"app_label": "tools", "model_name": "comparison", "field_name": "first", "term": "a"}
    assert sign_in("staff").get("/admin/autocomplete/", asked).status_code == 403
    found = sign_in("writer").get("/admin/autocomplete/", asked).json()["results"]
    assert [one["text"] for one in found] == ["Aider"]


@pytest.mark.usefixtures("full_house")
@pytest.mark.parametrize("room", ["tools", "reviews", "votes", "newsletter", "auth"])
def test_a_room_opens_to_those_who_see_something_in_it(sign_in: SignIn, room: str) -> None:
    address = reverse("admin:app_list", args=[room])
    for role in ("staff", "writer", "editor", "publisher"):
        is_open = any(
            may_open(role, model) for model in every_list() if model.startswith(f"{room}.")
        )
        assert sign_in(role).get(address).status_code == (200 if is_open else 404), role


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
