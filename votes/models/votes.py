"""Readers' ship or skip on a tool."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q

from tools.models import Tool
from votes.models.papers import Paper, PaperQuerySet, Status, Traces, keep
from votes.models.tallies import Tally
from votes.statements import CAST_VOTE


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
        kept = keep(
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

    # Found by voter or by network (docs/decisions/votes-are-found-by-voter.md), hence no index.
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="votes", db_index=False)
    choice = models.SmallIntegerField(choices=Choice)

    subject_columns = ("tool_id",)
    boxes = {"ship": Choice.SHIP, "skip": Choice.SKIP}
    tallies = Tally.objects.all()

    objects = VoteQuerySet.as_manager()

    class Meta(Paper.Meta):
        constraints = [
            *Paper.Meta.constraints,
            models.UniqueConstraint(name="voter_votes_once_on_a_tool", fields=["voter", "tool"]),
            models.CheckConstraint(
                name="vote_is_ship_skip_or_withdrawn", condition=Q(choice__in=[-1, 0, 1])
            ),
        ]
        indexes = [
            *Paper.Meta.indexes,
            models.Index(
                fields=["net_hash", "tool"],
                name="vote_of_network",
                condition=Q(net_hash__isnull=False),
            ),
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
