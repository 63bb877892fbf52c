"""What a page shows of one reader's own votes: the ballots, filled in for whom the cookie names."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest

from tools.addresses import address
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

    choices: ClassVar[tuple[str, ...]] = ("ship", "skip")
    fragment: ClassVar[str] = "votes/_ballot.html"
    name: ClassVar[str] = "ballot"

    tool: Tool
    choice: str = ""
    token: str = ""
    error: str = ""
    back: str = ""
    is_known: bool = False

    @classmethod
    def of(cls, *, slug: str) -> Ballot:
        """The ballot of the published tool at a current or former slug; Tool.DoesNotExist."""
        return cls(_published(slug)[slug])

    @staticmethod
    def subject(*, slug: str) -> str:
        """What the form's token is bound to."""
        return f"tool {slug}"

    @property
    def slugs(self) -> dict[str, str]:
        return {"slug": self.tool.slug}

    @staticmethod
    def cast(**press: Any) -> Ballot:
        return Ballot(Vote.objects.cast(**press), choice=press["choice"], is_known=True)

    def withdraw(self, *, voter_id: uuid.UUID, now: dt.datetime) -> None:
        Vote.objects.on(self.tool).of_voter(voter_id).withdraw(now=now)

    @property
    def key(self) -> str:
        """Ids of the form and of its buttons begin with it."""
        return f"vote-{self.tool.slug}"

    @property
    def action(self) -> str:
        return address("vote", self.tool.slug)

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

    choices: ClassVar[tuple[str, ...]] = ("first", "neither", "second")
    fragment: ClassVar[str] = "votes/_pick.html"
    name: ClassVar[str] = "pick"

    first: Tool
    second: Tool
    choice: str = ""
    token: str = ""
    error: str = ""
    back: str = ""
    is_known: bool = False
    picks: PickShare | None = None

    @classmethod
    def of(cls, *, first: str, second: str) -> PickBallot:
        """The ballot of two published tools; Tool.DoesNotExist for one tool twice, too."""
        found = _published(first, second)
        if found[first] == found[second]:
            raise Tool.DoesNotExist
        return cls(found[first], found[second])

    @staticmethod
    def subject(*, first: str, second: str) -> str:
        return f"pair {' '.join(sorted([first, second]))}"

    @property
    def slugs(self) -> dict[str, str]:
        return {"first": self.first.slug, "second": self.second.slug}

    @staticmethod
    def cast(**press: Any) -> PickBallot:
        return PickBallot(*Pick.objects.cast(**press), choice=press["choice"], is_known=True)

    def withdraw(self, *, voter_id: uuid.UUID, now: dt.datetime) -> None:
        Pick.objects.on(self.first, self.second).of_voter(voter_id).withdraw(now=now)

    @property
    def key(self) -> str:
        return f"pick-{pair_slug(self.first, self.second)}"

    @property
    def action(self) -> str:
        return address("pick", self.first.slug, self.second.slug)

    @property
    def page(self) -> str:
        return address("comparison_detail", pair_slug(self.first, self.second))

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


def _published(*slugs: str) -> dict[str, Tool]:
    """The published tools at these current or former slugs. Raises Tool.DoesNotExist."""
    found = Tool.objects.published().by_any_slug(slugs)
    if missing := set(slugs) - found.keys():
        raise Tool.DoesNotExist(", ".join(sorted(missing)))
    return found
