"""The ballot box."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from tools.models import Tool
from votes.shares import PickShare, Share


class Lean(models.TextChoices):
    """What voting readers lean to, by the evidence rule of the method page."""

    NONE = "", "not settled"
    SHIP = "ship", "ship"
    SKIP = "skip", "skip"


class TallyQuerySet(models.QuerySet["Tally"]):
    def of_tools(self, tool_ids: list[int]) -> TallyQuerySet:
        return self.filter(tool__in=tool_ids)


class Tally(models.Model):
    """The kept count of one tool's votes. Written by the database's own trigger, by nobody else."""

    tool = models.OneToOneField(
        Tool, on_delete=models.CASCADE, primary_key=True, related_name="tally"
    )
    ships = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    is_settled = models.BooleanField(default=False)
    lean = models.CharField(max_length=4, choices=Lean, default=Lean.NONE, blank=True)

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.tool}: {self.ships} ship, {self.skips} skip"

    @property
    def share(self) -> Share:
        return Share(ships=self.ships, skips=self.skips, is_settled=self.is_settled)


class PickTallyQuerySet(models.QuerySet["PickTally"]):
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


class PickTally(models.Model):
    """The kept count of one pair's picks; `lower` is the tool with the lower id, not slug."""

    lower = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    higher = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    lower_picks = models.PositiveIntegerField(default=0)
    higher_picks = models.PositiveIntegerField(default=0)
    neither_picks = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    is_settled = models.BooleanField(default=False)

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

    def share_from(self, first_id: int) -> PickShare:
        """The picks with that tool as the first of the two."""
        ahead, behind = self.lower_picks, self.higher_picks
        if first_id == self.higher_id:
            ahead, behind = behind, ahead
        return PickShare(
            first=ahead, second=behind, neither=self.neither_picks, is_settled=self.is_settled
        )
