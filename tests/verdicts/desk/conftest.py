"""The newsroom: one client for each role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from verdicts.desk.roles import create_roles


def make_staff(name: str, *, role: str = "", is_superuser: bool = False) -> User:
    user, is_new = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": is_superuser}
    )
    if role and is_new:
        create_roles()
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A client signed in as somebody of that role; the name of the user is the role's."""

    def as_role(role: str) -> Client:
        client = Client()
        if role == "superuser":
            client.force_login(make_staff("superuser", is_superuser=True))
        elif role == "staff":
            client.force_login(make_staff("staff"))
        elif role != "anonymous":
            client.force_login(make_staff(role, role=role))
        return client

    return as_role
