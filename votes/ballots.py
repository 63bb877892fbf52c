"""What a page shows of one reader's own votes: the ballots, filled in for whom the cookie names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from tools.models import Tool, pair_slug
from votes.models import Pick, Vote
from votes.shares import PickShare
from votes.voters import Voter, voter_of


@dataclass(frozen=True)
class Box:
    """One button of a ballot."""

    value: str
    is_pressed: bool

    @property
    def icon(self) -> str:
        return self.value if self.is_pressed else "box"

    @property
    def label(self) -> str:
        return self.value.capitalize()


@dataclass(frozen=True)
class Ballot:
    """Ship or skip on one tool, with the reader's own choice ('' without one) and no count.

    `token` stays empty on shared pages. `is_known`: a cookie makes the token needless.
    """

    choices = ("ship", "skip")
    fragment = "votes/_ballot.html"
    name = "ballot"

    tool: Tool
    choice: str = ""
    token: str = ""
    error: str = ""
    back: str = ""
    is_known: bool = False

    @property
    def subject(self) -> str:
        """What the form's token is bound to."""
        return f"tool {self.tool.pk}"

    @property
    def key(self) -> str:
        """Ids of the form and of its buttons begin with it."""
        return f"vote-{self.tool.slug}"

    @property
    def action(self) -> str:
        return reverse("vote", args=[self.tool.slug])

    @property
    def page(self) -> str:
        return self.tool.get_absolute_url()

    @property
    def title(self) -> str:
        return self.tool.name

    @property
    def boxes(self) -> list[Box]:
        return [Box(value, value == self.choice) for value in self.choices]

    @property
    def said(self) -> str:
        """What the live region says once it is stored."""
        return f"Your vote on {self.tool.name}: {self.choice or 'taken back'}."


@dataclass(frozen=True)
class PickBallot:
    """A, B or neither on a pair, in the order of the address. `picks`: where a page shows them."""

    choices = ("first", "neither", "second")
    fragment = "votes/_pick.html"
    name = "pick"

    first: Tool
    second: Tool
    choice: str = ""
    token: str = ""
    error: str = ""
    back: str = ""
    is_known: bool = False
    picks: PickShare | None = None

    @property
    def subject(self) -> str:
        lower, higher = sorted([self.first.pk, self.second.pk])
        return f"pair {lower} {higher}"

    @property
    def key(self) -> str:
        return f"pick-{pair_slug(self.first, self.second)}"

    @property
    def action(self) -> str:
        return reverse("pick", args=[self.first.slug, self.second.slug])

    @property
    def page(self) -> str:
        return reverse("comparison_detail", args=[pair_slug(self.first, self.second)])

    @property
    def title(self) -> str:
        return f"{self.first.name} vs {self.second.name}"

    @property
    def boxes(self) -> list[Box]:
        return [Box(value, value == self.choice) for value in self.choices]

    @property
    def choice_words(self) -> str:
        return {"first": self.first.name, "second": self.second.name}.get(self.choice, self.choice)

    @property
    def said(self) -> str:
        return f"Your pick: {self.choice_words or 'taken back'}."


def ballots_for(request: HttpRequest, tools: Iterable[Tool]) -> dict[int, Ballot]:
    """By tool id. One query for a reader with the voter cookie, none for everybody else."""
    voter = voter_of(request)
    tools = list(tools)
    choices = Vote.objects.choices_of(voter.id, tools) if voter else {}
    return {
        tool.pk: Ballot(tool, choice=choices.get(tool.pk, ""), is_known=voter is not None)
        for tool in tools
    }


def pick_for(
    request: HttpRequest, first: Tool, second: Tool, picks: PickShare | None = None
) -> PickBallot:
    """One query for a reader with the voter cookie, none for everybody else."""
    voter: Voter | None = voter_of(request)
    choice = Pick.objects.choice_of(voter.id, first, second) if voter else ""
    return PickBallot(first, second, choice=choice, is_known=voter is not None, picks=picks)
