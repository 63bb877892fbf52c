"""What a vote and a pick share: a paper in the box, and how one gets in."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import connection, models
from django.db.models import Case, F, Q, When

from tools.models import Tool
from votes.days import start_of_day
from votes.models.audit import AuditEntry, Reason
from votes.models.tallies import PickTallyQuerySet, TallyQuerySet


class Status(models.IntegerChoices):
    COUNTED = 0, "counted"
    HELD = 1, "held"
    REJECTED = 2, "rejected"


@dataclass(frozen=True)
class Traces:
    """What the first wall says of one press. `may_be_established`: its cookie is old enough."""

    reason: Reason = Reason.NONE
    may_be_established: bool = False
    net_hash: bytes | None = None
    agent_hash: bytes | None = None


P = TypeVar("P", bound="Paper")


class PaperQuerySet(models.QuerySet[P], Generic[P]):
    def of_voter(self, voter_id: uuid.UUID) -> Self:
        return self.filter(voter=voter_id)

    def counted(self) -> Self:
        return self.filter(status=Status.COUNTED).exclude(choice=0)

    def held(self) -> Self:
        return self.filter(status=Status.HELD).exclude(choice=0)

    def undecided(self) -> Self:
        """Held, and not decided on by staff."""
        return self.held().filter(decision=None)

    def held_for(self, reason: Reason, *, on: dt.date) -> Self:
        """Cast on that day (UTC) and held for that reason."""
        since = dt.datetime.combine(on, dt.time(), tzinfo=dt.UTC)
        return self.filter(
            reason=reason, created_at__gte=since, created_at__lt=since + dt.timedelta(days=1)
        )

    def withdraw(self, *, now: dt.datetime) -> None:
        """Empty these papers. The rows stay, so that a replayed form adds no second one."""
        today = start_of_day(now)
        is_worn = Q(changed_at__gte=today, changes__gte=settings.VOTES_CHANGES_PER_DAY)
        self.exclude(choice=0).exclude(is_worn).update(
            choice=0,
            changes=Case(When(changed_at__gte=today, then=F("changes") + 1), default=1),
            changed_at=now,
        )

    def about(self, subject: tuple[int, ...]) -> Self:
        """On the tool, or the pair, of these ids."""
        return self.filter(**dict(zip(self.model.subject_columns, subject, strict=True)))

    def locked(self) -> list[P]:
        """Locked in the one order that keeps two lockers from waiting for each other."""
        return list(self.order_by(*self.model.subject_columns, "pk").select_for_update())


class Paper(models.Model):
    """What a vote and a pick share: one reader's paper in the box. A withdrawn one stays, empty."""

    voter = models.UUIDField(help_text="A keyed hash; it names nobody.")
    status = models.SmallIntegerField(choices=Status, default=Status.COUNTED)
    reason = models.SmallIntegerField(choices=Reason, default=Reason.NONE)
    changes = models.SmallIntegerField(default=0, help_text="On the day of the latest change.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="Since when the choice is what it is.")
    # Keyed with a salt that is erased after two days; themselves erased after a week.
    net_hash = models.BinaryField(null=True, max_length=12)
    agent_hash = models.BinaryField(null=True, max_length=12)
    decision = models.ForeignKey(
        AuditEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    choice: int
    # What the paper is about, its boxes by the words of the audit, and where they are counted.
    subject_columns: tuple[str, ...]
    boxes: dict[str, int]
    tallies: TallyQuerySet | PickTallyQuerySet

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_is_counted_held_or_rejected", condition=Q(status__in=[0, 1, 2])
            ),
            models.CheckConstraint(
                name="held_or_rejected_%(class)s_has_a_reason",
                condition=Q(status=Status.COUNTED) | Q(reason__gt=0),
            ),
            models.CheckConstraint(
                name="rejected_%(class)s_names_its_decision",
                condition=~Q(status=Status.REJECTED) | Q(decision__isnull=False),
            ),
        ]
        indexes = [
            BrinIndex(fields=["created_at"], name="%(class)s_by_time"),
        ]

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"

    @property
    def subject(self) -> tuple[int, ...]:
        return tuple(getattr(self, column) for column in self.subject_columns)

    @property
    def box(self) -> str:
        """The word of the pressed box, '' when the paper was withdrawn."""
        return {value: word for word, value in self.boxes.items()}.get(self.choice, "")


def keep(statement: str, *, traces: Traces, **values: Any) -> tuple[Any, ...]:
    """Run the statement that puts a paper into the box; its answer names what the paper is about.

    Raises Tool.DoesNotExist where no tool is published.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "reason": traces.reason,
                "may_be_established": traces.may_be_established and traces.reason != Reason.NONE,
                "net_hash": traces.net_hash,
                "agent_hash": traces.agent_hash,
                "established_tools": settings.VOTES_ESTABLISHED_TOOLS,
                "established_days": settings.VOTES_ESTABLISHED_DAYS,
                "most_changes": settings.VOTES_CHANGES_PER_DAY,
                **values,
            },
        )
        kept = cursor.fetchone()
    if kept is None:
        raise Tool.DoesNotExist
    return tuple(kept)
