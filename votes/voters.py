"""Who votes: a signed cookie that the first vote sets, and a signed form before there is one.

The database holds a keyed hash of the cookie's seed, so that what leaks from it forges no vote.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

COOKIE_AGE = dt.timedelta(days=365)
FORM_AGE = dt.timedelta(hours=12)


class EditedFormError(BadSignature):
    """The form's token was edited, or made for another ballot."""


class StaleFormError(BadSignature):
    """There is no voter: neither a cookie, nor a token of today."""


@dataclass(frozen=True)
class Voter:
    """A browser that votes. `since`: when its cookie, or its first form, was made."""

    seed: uuid.UUID
    since: dt.datetime
    has_cookie: bool = True
    # The request carried a cookie that is not ours.
    is_suspect: bool = False

    @property
    def id(self) -> uuid.UUID:
        """What the database knows this voter by: a keyed hash, marked as one by its version."""
        key = settings.VOTER_KEY.encode()
        return uuid.UUID(bytes=hmac.digest(key, self.seed.bytes, sha256)[:16], version=5)


def cookie_name() -> str:
    """The __Host- prefix binds the cookie to this very host; browsers demand https for it."""
    return "__Host-voter" if settings.IS_HTTPS else "voter"


def voter_of(request: HttpRequest) -> Voter | None:
    """The voter that the cookie names; None without a valid one."""
    try:
        seed, since = _opened(request.COOKIES[cookie_name()], "voter")
        return Voter(seed=uuid.UUID(seed), since=_moment(since))
    except (KeyError, BadSignature, ValueError, TypeError):
        return None


def remember(response: HttpResponse, voter: Voter) -> None:
    """Give the browser its cookie. It is not renewed."""
    value = _signed([voter.seed.hex, _milliseconds(voter.since)], "voter")
    response.set_cookie(
        cookie_name(),
        value,
        max_age=COOKIE_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def forget_cookie(response: HttpResponse) -> None:
    """Take the cookie back. Browsers demand the attributes that it was set with."""
    response.set_cookie(
        cookie_name(), "", max_age=0, secure=settings.IS_HTTPS, httponly=True, samesite="Lax"
    )


def form_token(subject: str, *, now: dt.datetime) -> str:
    """A fresh token for the ballot on `subject`; it carries the seed of a voter to be."""
    return _signed([uuid.uuid4().hex, subject, _milliseconds(now)], "form")


def identify(request: HttpRequest, subject: str, *, now: dt.datetime) -> Voter:
    """The voter of a POST on `subject`: the cookie's, else the one that the form's token carries.

    Raises EditedFormError for a token that is not for this ballot, cookie or not,
    and StaleFormError without a cookie and a token of the last twelve hours.
    """
    voter = voter_of(request)
    token = request.POST.get("token", "")
    if not token:
        if voter is None:
            raise StaleFormError
        return voter
    try:
        seed, signed_subject, issued = _opened(token, "form")
        issued_at = _moment(issued)
        newcomer = uuid.UUID(seed)
    except (BadSignature, ValueError, TypeError) as problem:
        raise EditedFormError from problem
    if signed_subject != subject:
        raise EditedFormError
    if voter is not None:
        return voter
    if now - issued_at > FORM_AGE:
        raise StaleFormError
    return Voter(
        seed=newcomer,
        since=issued_at,
        has_cookie=False,
        is_suspect=cookie_name() in request.COOKIES,
    )


def _signed(value: list[str | int], salt: str) -> str:
    return Signer(salt=f"votes.{salt}").sign_object(value)


def _opened(text: str, salt: str) -> list[str]:
    return list(Signer(salt=f"votes.{salt}").unsign_object(text))


def _milliseconds(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: str | int) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(milliseconds) / 1000, tz=dt.UTC)
