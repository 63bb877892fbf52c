"""The ballot box: readers' votes and picks, the counts kept of them, what was decided on them."""

from votes.models.audit import AuditEntry, Reason
from votes.models.boards import MonthOfVotes, Trend
from votes.models.papers import Status, Traces
from votes.models.picks import Pick
from votes.models.salts import Salt
from votes.models.tallies import Lean, PickTally, Tally
from votes.models.votes import HeldVote, Vote

__all__ = [
    "AuditEntry",
    "HeldVote",
    "Lean",
    "MonthOfVotes",
    "Pick",
    "PickTally",
    "Reason",
    "Salt",
    "Status",
    "Tally",
    "Traces",
    "Trend",
    "Vote",
]
