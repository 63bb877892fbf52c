"""The stable key of one reader's copy of one issue, and the way back from it.

It is the left half of the Message-ID (`i42.9f0c…@`), the same at every attempt, so that a
mail system may drop a second copy, and a provider's event finds its delivery. It shows no
bare subscriber id: the id is passed through a keyed permutation of 64-bit numbers (four
Feistel rounds with HMAC; Luby and Rackoff, 1988), which needs no column and no index.
"""

from __future__ import annotations

import hmac
import re
from email.utils import parseaddr
from functools import cache

from django.conf import settings

KEY = re.compile(r"i([1-9][0-9]{0,17})\.([0-9a-f]{16})")
ROUNDS = (b"\x00", b"\x01", b"\x02", b"\x03")
HALF = 0xFFFFFFFF


def message_key(*, issue_id: int, subscriber_id: int) -> str:
    left, right = subscriber_id >> 32, subscriber_id & HALF
    for number in ROUNDS:
        left, right = right, left ^ turn(number, right)
    return f"i{issue_id}.{left:08x}{right:08x}"


def delivery_of(message_id: str) -> tuple[int, int] | None:
    """(issue id, subscriber id) of one of our Message-IDs, with or without its brackets."""
    local, _, domain = message_id.strip().strip("<>").partition("@")
    match = KEY.fullmatch(local)
    if not match or (domain and domain.lower() != mail_domain()):
        return None
    left, right = int(match[2][:8], 16), int(match[2][8:], 16)
    for number in reversed(ROUNDS):
        left, right = right ^ turn(number, left), left
    subscriber_id = left << 32 | right
    return (int(match[1]), subscriber_id) if subscriber_id < 2**63 else None


def mail_domain() -> str:
    """The domain of the sender's address: Message-IDs and List-ID are aligned with it."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower() or "localhost"


def turn(number: bytes, half: int) -> int:
    digest = hmac.digest(message_secret(settings.EMAIL_KEY), number + half.to_bytes(4), "sha256")
    return int.from_bytes(digest[:4])


@cache
def message_secret(email_key: str) -> bytes:
    return hmac.digest(email_key.encode(), b"message key", "sha256")
