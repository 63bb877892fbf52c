"""What was decided stays written as it was."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import NOW
from votes.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_audit_is_append_only(verb):
    AuditEntry.objects.create(at=NOW, actor="Ann", action="nightly", votes=1)
    statement = {
        "update": "UPDATE votes_auditentry SET votes = 2",
        "delete": "DELETE FROM votes_auditentry",
    }[verb]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEntry.objects.get().votes == 1


def test_a_staff_decision_has_a_note():
    with pytest.raises(IntegrityError, match="staff_decision_has_a_note"):
        AuditEntry.objects.create(at=NOW, actor="Ann", action="released", votes=1)
