"""The secret in a mailed link: which subscriber, for what, and proof that we made it.

base64url(whose 8 bytes, version 2, purpose 1, [made at 6], HMAC-SHA256 cut to 16).
No address is in it. The key never rotates: an unsubscribe link works for years.
"""

from __future__ import annotations

import binascii
import datetime as dt
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import Enum
from functools import cache

from django.conf import settings

MAC_BYTES = 16
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
LONGEST = 64


class Purpose(Enum):
    """What a link is for, and how long it is good; None: for ever."""

    UNSUBSCRIBE = (b"u", None)
    PREFERENCES = (b"p", None)
    CONFIRM = (b"c", dt.timedelta(days=14))
    OWN_DATA = (b"d", dt.timedelta(days=7))
    MOVE = (b"m", dt.timedelta(days=14))

    def __init__(self, letter: bytes, good_for: dt.timedelta | None) -> None:
        self.letter = letter
        self.good_for = good_for


@dataclass(frozen=True)
class Claim:
    """What a token of ours says. `made_at` means nothing for one that never expires.

    `subject_id` is the subscriber's; for a MOVE, the move's.
    """

    subject_id: int
    version: int
    made_at: dt.datetime


class BadTokenError(ValueError):
    """We did not make this token, or not for this purpose."""


class ExpiredTokenError(BadTokenError):
    """We made it, too long ago."""


def unsubscribe_token(subscriber_id: int, version: int) -> str:
    return sealed(Purpose.UNSUBSCRIBE, body(subscriber_id, version))


def preferences_token(subscriber_id: int, version: int) -> str:
    return sealed(Purpose.PREFERENCES, body(subscriber_id, version))


def confirm_token(subscriber_id: int, version: int, *, now: dt.datetime) -> str:
    return sealed(Purpose.CONFIRM, body(subscriber_id, version), stamp(now))


def data_token(subscriber_id: int, version: int, *, now: dt.datetime) -> str:
    return sealed(Purpose.OWN_DATA, body(subscriber_id, version), stamp(now))


def move_token(move_id: int, *, now: dt.datetime) -> str:
    return sealed(Purpose.MOVE, body(move_id, 0), stamp(now))


def read_token(token: str, purpose: Purpose, *, now: dt.datetime) -> Claim:
    """What the token says. Raises BadTokenError, ExpiredTokenError."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii")) if len(token) <= LONGEST else b""
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    made_with_time = purpose.good_for is not None
    if (
        len(said) != (17 if made_with_time else 11)
        or said[10:11] != purpose.letter
        or not hmac.compare_digest(mac, mac_of(purpose, said))
    ):
        raise BadTokenError
    made_at = NEVER
    if purpose.good_for is not None:
        milliseconds = int.from_bytes(said[11:17])
        made_at = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
        if now - made_at > purpose.good_for:
            raise ExpiredTokenError
    return Claim(int.from_bytes(said[:8]), int.from_bytes(said[8:10]), made_at)


def body(subject_id: int, version: int) -> bytes:
    return subject_id.to_bytes(8) + version.to_bytes(2)


def stamp(now: dt.datetime) -> bytes:
    return int(now.timestamp() * 1000).to_bytes(6)


def sealed(purpose: Purpose, said: bytes, made_at: bytes = b"") -> str:
    said = said + purpose.letter + made_at
    return urlsafe_b64encode(said + mac_of(purpose, said)).decode("ascii")


def mac_of(purpose: Purpose, said: bytes) -> bytes:
    return hmac.digest(key_for(purpose, settings.EMAIL_KEY), said, "sha256")[:MAC_BYTES]


@cache
def key_for(purpose: Purpose, email_key: str) -> bytes:
    return hmac.digest(email_key.encode(), b"link " + purpose.letter, "sha256")
