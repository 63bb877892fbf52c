"""The ballot box: readers' votes and picks, the counts kept of them, and what was decided on them.

Counts have one writer, the database's own trigger; `recount.py` proves them.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import connection, models
from django.db.models import Case, F, Q, When

from tools.models import Category, Tool
from votes.shares import LEAST_TO_RANK, PickShare, Share
from votes.statements import CAST_PICK, CAST_VOTE


class Status(models.IntegerChoices):
    COUNTED = 0, "counted"
    HELD = 1, "held"
    REJECTED = 2, "rejected"


class Reason(models.IntegerChoices):
    """Why a vote was held at first, or was rejected. It stays when the vote is released."""

    NONE = 0, "none"
    FAST = 1, "sent faster than a form is read"
    COOKIE = 2, "came with a cookie that is not ours"
    NETWORK_ON_TOOL = 3, "many votes of one network on one tool in a day"
    NETWORK_RATE = 4, "many votes of one network in a short time"
    VOTER_RATE = 5, "many votes of one voter in an hour"
    UNCHECKED = 6, "could not be checked when it was cast"


class Lean(models.TextChoices):
    """What voting readers lean to, by the evidence rule of the method page."""

    NONE = "", "not settled"
    SHIP = "ship", "ship"
    SKIP = "skip", "skip"


class AuditEntry(models.Model):
    """What was decided on votes, by whom and why. Append-only: the database refuses the rest."""

    class Action(models.TextChoices):
        RELEASED = "released", "released"
        REJECTED = "rejected", "rejected"
        KEPT = "kept", "kept held"
        RELEASED_NIGHTLY = "nightly", "released by the nightly rule"
        FORGOTTEN = "forgotten", "forgotten at the reader's request"
        REBUILT = "rebuilt", "tallies rebuilt"

    at = models.DateTimeField()
    actor = models.CharField(max_length=150, help_text="A staff user's name, or the job's.")
    action = models.CharField(max_length=10, choices=Action)
    note = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=200, blank=True, help_text="The tool or the pair.")
    reason = models.PositiveSmallIntegerField(choices=Reason, default=Reason.NONE)
    votes = models.PositiveIntegerField(help_text="How many votes it was about.")
    vote_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    before = models.JSONField(default=dict, blank=True, help_text="The tally before.")
    after = models.JSONField(default=dict, blank=True, help_text="The tally after.")

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(
                name="staff_decision_has_a_note",
                condition=~Q(action__in=["released", "rejected", "kept"]) | ~Q(note=""),
            ),
            models.CheckConstraint(name="audit_entry_has_an_actor", condition=~Q(actor="")),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.votes} {self.get_action_display()}"


class Count(models.Model):
    """A kept count, and whether its votes come from enough networks and days to show a share."""

    held = models.PositiveIntegerField(default=0)
    # Counted while the hashes that tell networks apart are still there.
    network_days = models.PositiveSmallIntegerField(default=0)
    first_counted_on = models.DateField(null=True, blank=True)
    has_two_days = models.BooleanField(default=False)
    is_settled = models.BooleanField(default=False)

    class Meta:
        abstract = True


class TallyQuerySet(models.QuerySet["Tally"]):
    def of_tools(self, tool_ids: Iterable[int]) -> TallyQuerySet:
        return self.filter(tool__in=tool_ids)

    def about(self, subjects: Iterable[tuple[int, ...]]) -> TallyQuerySet:
        return self.of_tools([tool_id for (tool_id,) in subjects])

    def ranked(self) -> TallyQuerySet:
        """Of published tools with a score from enough votes to be ranked."""
        return self.alias(votes=F("ships") + F("skips")).filter(
            is_settled=True, votes__gte=LEAST_TO_RANK, tool__is_published=True
        )

    def in_category(self, category: Category) -> TallyQuerySet:
        return self.filter(tool__category=category)

    def locked(self) -> list[Tally]:
        """Locked in order, after the votes: whoever changes votes of several tools."""
        return list(self.order_by("tool_id").select_for_update())


class Tally(Count):
    """The kept count of one tool's votes. Written by the database's own trigger, by nobody else."""

    tool = models.OneToOneField(
        Tool, on_delete=models.CASCADE, primary_key=True, related_name="tally"
    )
    ships = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)
    lean = models.CharField(max_length=4, choices=Lean, default=Lean.NONE, blank=True)

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.tool}: {self.ships} ship, {self.skips} skip"

    @property
    def subject(self) -> tuple[int, ...]:
        return (self.tool_id,)

    @property
    def counts(self) -> dict[str, int]:
        """As in the audit."""
        return {"ship": self.ships, "skip": self.skips, "held": self.held}

    @property
    def share(self) -> Share:
        return Share(ships=self.ships, skips=self.skips, is_settled=self.is_settled)


class PickTallyQuerySet(models.QuerySet["PickTally"]):
    def about(self, subjects: Iterable[tuple[int, ...]]) -> PickTallyQuerySet:
        """Of pairs of tool ids, the lower first; others on the same tools may be among them."""
        pairs = list(subjects)
        return self.filter(
            lower__in=[lower for lower, _ in pairs], higher__in=[higher for _, higher in pairs]
        )

    def locked(self) -> list[PickTally]:
        return list(self.order_by("lower_id", "higher_id").select_for_update())

    def shares_of(self, pairs: Iterable[tuple[Tool, Tool]]) -> dict[tuple[int, int], PickShare]:
        """The picks on each pair, in the order in which its two tools were given; one query."""
        asked = [(first.pk, second.pk) for first, second in pairs]
        lower = [min(pair) for pair in asked]
        higher = [max(pair) for pair in asked]
        found = {
            (tally.lower_id, tally.higher_id): tally
            for tally in self.filter(lower__in=lower, higher__in=higher)
        }
        return {
            (first, second): found[min(first, second), max(first, second)].share_from(first)
            if (min(first, second), max(first, second)) in found
            else PickShare()
            for first, second in asked
        }


class PickTally(Count):
    """The kept count of one pair's picks; `lower` is the tool with the lower id, not slug."""

    lower = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+", db_index=False)
    higher = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    lower_picks = models.PositiveIntegerField(default=0)
    higher_picks = models.PositiveIntegerField(default=0)
    neither_picks = models.PositiveIntegerField(default=0)

    objects = PickTallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pick tallies"
        constraints = [
            models.UniqueConstraint(name="pair_is_tallied_once", fields=["lower", "higher"]),
            models.CheckConstraint(
                name="pick_tally_is_of_two_tools_by_id", condition=Q(lower__lt=F("higher"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lower} or {self.higher}"

    @property
    def subject(self) -> tuple[int, ...]:
        return (self.lower_id, self.higher_id)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "lower": self.lower_picks,
            "higher": self.higher_picks,
            "neither": self.neither_picks,
            "held": self.held,
        }

    def share_from(self, first_id: int) -> PickShare:
        """The picks with that tool as the first of the two."""
        ahead, behind = self.lower_picks, self.higher_picks
        if first_id == self.higher_id:
            ahead, behind = behind, ahead
        return PickShare(
            first=ahead, second=behind, neither=self.neither_picks, is_settled=self.is_settled
        )


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
        today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
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
            models.Index(fields=["voter"], name="%(class)s_by_voter"),
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


class VoteQuerySet(PaperQuerySet["Vote"]):
    def on(self, tool: Tool) -> Self:
        return self.filter(tool=tool)

    def choices_of(self, voter_id: uuid.UUID, tools: Iterable[Tool]) -> dict[int, str]:
        """'ship', 'skip' or '' by tool id; nothing for a tool without a vote."""
        cast = self.of_voter(voter_id).filter(tool__in=[tool.pk for tool in tools])
        return {vote.tool_id: vote.box for vote in cast}

    def cast(
        self, *, slug: str, voter_id: uuid.UUID, choice: str, traces: Traces, now: dt.datetime
    ) -> Tool:
        """Keep the reader's ship or skip on the tool at that slug, and give the tool's name back.

        It is a first vote, or a change; the same again is nothing. A held vote stays held when
        its choice changes. After VOTES_CHANGES_PER_DAY changes the vote stands until the next
        day. Raises Tool.DoesNotExist where no tool is published.
        """
        kept = _execute(
            CAST_VOTE,
            slug=slug,
            voter=voter_id,
            choice=Vote.boxes[choice],
            traces=traces,
            now=now,
        )
        return Tool(pk=kept[0], slug=slug, name=kept[1])


class Vote(Paper):
    """A reader's ship or skip on a tool."""

    class Choice(models.IntegerChoices):
        SHIP = 1, "ship"
        SKIP = -1, "skip"
        WITHDRAWN = 0, "withdrawn"

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="votes", db_index=False)
    choice = models.SmallIntegerField(choices=Choice)

    subject_columns = ("tool_id",)
    boxes = {"ship": Choice.SHIP, "skip": Choice.SKIP}
    tallies = Tally.objects.all()

    objects = VoteQuerySet.as_manager()

    class Meta(Paper.Meta):
        constraints = [
            *Paper.Meta.constraints,
            models.UniqueConstraint(name="voter_votes_once_on_a_tool", fields=["tool", "voter"]),
            models.CheckConstraint(
                name="vote_is_ship_skip_or_withdrawn", condition=Q(choice__in=[-1, 0, 1])
            ),
        ]
        indexes = [
            *Paper.Meta.indexes,
            models.Index(
                fields=["tool"], name="vote_held_on_tool", condition=Q(status=Status.HELD)
            ),
        ]


class HeldVote(Vote):
    """The queue of votes that wait for a decision, as the admin knows it."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        permissions = [("decide_held_votes", "Can release, reject or keep held votes")]


class PickQuerySet(PaperQuerySet["Pick"]):
    def on(self, one: Tool, other: Tool) -> Self:
        lower, higher = sorted([one.pk, other.pk])
        return self.filter(lower=lower, higher=higher)

    def choice_of(self, voter_id: uuid.UUID, first: Tool, second: Tool) -> str:
        """'first', 'second', 'neither', or '' without a pick."""
        choice = self.on(first, second).of_voter(voter_id).values_list("choice", flat=True).first()
        return Pick.Choice(choice or 0).word(is_lower_first=first.pk < second.pk)

    def cast(
        self,
        *,
        first: str,
        second: str,
        voter_id: uuid.UUID,
        choice: str,
        traces: Traces,
        now: dt.datetime,
    ) -> tuple[Tool, Tool]:
        """The same for the pair at these slugs; `choice` is 'first', 'second' or 'neither'."""
        kept = _execute(
            CAST_PICK,
            first=first,
            second=second,
            voter=voter_id,
            choice=choice,
            traces=traces,
            now=now,
        )
        return (
            Tool(pk=kept[0], slug=first, name=kept[1]),
            Tool(pk=kept[2], slug=second, name=kept[3]),
        )


class Pick(Paper):
    """A reader's A, B or neither on a pair, kept by tool id: a changed slug moves nothing."""

    class Choice(models.IntegerChoices):
        WITHDRAWN = 0, "withdrawn"
        LOWER = 1, "the tool with the lower id"
        HIGHER = 2, "the tool with the higher id"
        NEITHER = 3, "neither"

        @classmethod
        def of(cls, word: str, *, is_lower_first: bool) -> Pick.Choice:
            if word == "neither":
                return cls.NEITHER
            return cls.LOWER if (word == "first") == is_lower_first else cls.HIGHER

        def word(self, *, is_lower_first: bool) -> str:
            if self in (Pick.Choice.WITHDRAWN, Pick.Choice.NEITHER):
                return "neither" if self else ""
            return "first" if (self == Pick.Choice.LOWER) == is_lower_first else "second"

    lower = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+", db_index=False)
    higher = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    choice = models.SmallIntegerField(choices=Choice)
    shown_first = models.SmallIntegerField(
        choices=Choice, help_text="Which of the two the page named first."
    )

    subject_columns = ("lower_id", "higher_id")
    boxes = {"lower": Choice.LOWER, "higher": Choice.HIGHER, "neither": Choice.NEITHER}
    tallies = PickTally.objects.all()

    objects = PickQuerySet.as_manager()

    class Meta(Paper.Meta):
        constraints = [
            *Paper.Meta.constraints,
            models.UniqueConstraint(
                name="voter_picks_once_on_a_pair", fields=["lower", "higher", "voter"]
            ),
            models.CheckConstraint(
                name="pick_is_of_two_tools_by_id", condition=Q(lower__lt=F("higher"))
            ),
            models.CheckConstraint(
                name="pick_is_of_one_of_both_neither_or_withdrawn",
                condition=Q(choice__in=[0, 1, 2, 3]),
            ),
            models.CheckConstraint(
                name="pick_was_shown_with_one_of_both_first", condition=Q(shown_first__in=[1, 2])
            ),
        ]
        indexes = [
            *Paper.Meta.indexes,
            models.Index(
                fields=["lower", "higher"],
                name="pick_held_on_pair",
                condition=Q(status=Status.HELD),
            ),
        ]


class SaltQuerySet(models.QuerySet["Salt"]):
    def of(self, day: dt.date) -> bytes:
        """The day's secret, made at the day's first call, whoever makes it."""
        salt = self.filter(day=day).first()
        if salt is None:
            self.bulk_create([Salt(day=day, secret=secrets.token_bytes(32))], ignore_conflicts=True)
            salt = self.get(day=day)
        return bytes(salt.secret)

    def made_before(self, day: dt.date) -> SaltQuerySet:
        return self.filter(day__lt=day)


class Salt(models.Model):
    """The day's key of network and agent hashes; once it is erased, they say nothing more."""

    day = models.DateField(primary_key=True)
    secret = models.BinaryField()

    objects = SaltQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.day)


class Trend(models.Model):
    """How strongly recent votes speak for a tool; refreshed by a recurring job."""

    tool = models.OneToOneField(
        Tool, on_delete=models.CASCADE, primary_key=True, related_name="trend"
    )
    score = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["-score", "tool"], name="trend_strongest_first")]

    def __str__(self) -> str:
        return f"{self.tool}: {self.score:.2f}"


class MonthOfVotesQuerySet(models.QuerySet["MonthOfVotes"]):
    def before(self, day: dt.date) -> MonthOfVotesQuerySet:
        return self.filter(month__lt=day)


class MonthOfVotes(models.Model):
    """The public line of one month: votes cast in it, and what became of them."""

    month = models.DateField(primary_key=True, help_text="Its first day.")
    cast = models.PositiveIntegerField()
    counted = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()

    objects = MonthOfVotesQuerySet.as_manager()

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.cast} cast"


@dataclass(frozen=True)
class Traces:
    """What the first wall says of one press. `may_be_established`: its cookie is old enough."""

    reason: Reason = Reason.NONE
    may_be_established: bool = False
    net_hash: bytes | None = None
    agent_hash: bytes | None = None


def _execute(statement: str, *, traces: Traces, **values: Any) -> tuple[Any, ...]:
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
