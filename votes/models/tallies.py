"""What is counted of votes and picks: written by the database's own trigger alone.

`votes/recount.py` proves it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from tools.models import Category, Tool
from votes.shares import LEAST_TO_RANK, PickShare, Share


class Lean(models.TextChoices):
    """What voting readers lean to, by the evidence rule of the method page."""

    NONE = "", "not settled"
    SHIP = "ship", "ship"
    SKIP = "skip", "skip"


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

    def between(self, tool_ids: list[int]) -> PickTallyQuerySet:
        """Of the pairs both of whose tools are among these."""
        return self.filter(lower__in=tool_ids, higher__in=tool_ids)


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
