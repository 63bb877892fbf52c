"""Readers' choice between the two tools of a pair."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from tools.models import Tool
from votes.models.papers import Paper, PaperQuerySet, Status, Traces, keep
from votes.models.tallies import PickTally
from votes.statements import CAST_PICK


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
        """Keep the reader's pick on the pair at those slugs, as Vote's `cast` does on one tool.

        `choice` is 'first', 'second' or 'neither', as the address names the tools.
        Raises Tool.DoesNotExist.
        """
        kept = keep(
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
    higher = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+", db_index=False)
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
                name="voter_picks_once_on_a_pair", fields=["voter", "lower", "higher"]
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
                fields=["net_hash", "lower", "higher"],
                name="pick_of_network",
                condition=Q(net_hash__isnull=False),
            ),
            models.Index(
                fields=["lower", "higher"],
                name="pick_held_on_pair",
                condition=Q(status=Status.HELD),
            ),
        ]
