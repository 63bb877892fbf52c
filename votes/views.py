"""The ballots as pages and as forms: each view translates a request into one verb."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tools.models import Tool, in_order
from votes import erasure
from votes.ballots import Ballot, PickBallot, ballots_for, pick_for
from votes.limits import TooManyPressesError, judge, let_in
from votes.visitors import comes_from_elsewhere
from votes.voters import (
    EditedFormError,
    StaleFormError,
    Voter,
    forget_cookie,
    form_token,
    identify,
    remember,
    voter_of,
)

AnyBallot = TypeVar("AnyBallot", Ballot, PickBallot)


class UnknownChoiceError(ValueError):
    """The press names no box of the ballot."""


# What a reader is told when nothing was stored, and with which status.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    StaleFormError: (422, "One more press and it is in: this is a fresh ballot, made for you."),
    UnknownChoiceError: (422, "Choose one of the boxes; we could not read the last press."),
    EditedFormError: (
        403,
        "That press came from a form for something else. Please press once more.",
    ),
    TooManyPressesError: (
        429,
        "Many presses came from your network just now. Please wait a minute.",
    ),
}


class SeeOther(HttpResponseRedirect):
    status_code = 303


@csrf_exempt  # the ballot's own token and the origin rule stand in: no GET may set a cookie
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    """The ballot of one tool as a page; POST casts, changes or withdraws the vote."""
    if request.method == "POST":
        return _press(request, Ballot, slug=slug)
    tool = _or_404(Ballot, slug=slug).tool
    if tool.slug != slug:
        return redirect("vote", tool.slug, permanent=True)
    return _ballot(request, ballots_for(request, [tool])[tool.pk])


@csrf_exempt  # as above
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "HEAD", "POST"])
def pick(request: HttpRequest, first: str, second: str) -> HttpResponse:
    """The pick on a pair as a page; POST casts, changes or withdraws it.

    'first' and 'second' mean the tools as the address names them.
    """
    if request.method == "POST":
        return _press(request, PickBallot, first=first, second=second)
    ballot = _or_404(PickBallot, first=first, second=second)
    one, other = in_order(ballot.first, ballot.second)
    if (one.slug, other.slug) != (first, second):
        return redirect("pick", one.slug, other.slug, permanent=True)
    return _ballot(request, pick_for(request, one, other))


@csrf_exempt
@require_safe
@cache_control(max_age=0, public=True, must_revalidate=True)
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of a reader, why, and for how long: the very constants of the erasure."""
    context = {
        "salt_days": erasure.SALT_DAYS,
        "hash_days": erasure.HASH_DAYS,
        "held_hash_days": erasure.HELD_HASH_DAYS,
    }
    return render(request, "votes/privacy.html", context)


@csrf_exempt  # the origin rule stands in, and the cookie is not sent from other sites
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """What is kept of this browser, and the button that deletes it."""
    if request.method != "POST":
        return render(request, "votes/forget.html", {"is_known": voter_of(request) is not None})
    if comes_from_elsewhere(request):
        raise PermissionDenied
    voter = voter_of(request)
    forgotten = erasure.forget_voter(voter.id, now=timezone.now()) if voter else 0
    response = render(request, "votes/forgotten.html", {"forgotten": forgotten})
    forget_cookie(response)
    return response


# --- A press -----------------------------------------------------------------------------


def _press(request: HttpRequest, kind: type[AnyBallot], **slugs: str) -> HttpResponse:
    """One statement for a vote that is cast: the ballot's tools are loaded when it is not."""
    if comes_from_elsewhere(request):
        raise PermissionDenied
    now = timezone.now()
    choice, subject = request.POST.get("choice", ""), kind.subject(**slugs)
    try:
        voter = _identified(request, kind, choice, subject=subject, now=now)
        traces = judge(request, voter=voter, subject=subject, now=now)
    except tuple(REFUSALS) as refusal:
        return _refused(request, _or_404(kind, **slugs), choice, refusal, now=now)
    if choice == "withdraw":
        ballot = _or_404(kind, **slugs)
        ballot.withdraw(voter_id=voter.id, now=now)
        return _stored(request, replace(ballot, is_known=voter.has_cookie))
    press = {"voter_id": voter.id, "choice": choice, "traces": traces, "now": now}
    try:
        ballot = kind.cast(**slugs, **press)
    except Tool.DoesNotExist:
        # A former slug still takes the vote; a draft or nothing is 404.
        ballot = kind.cast(**_or_404(kind, **slugs).slugs, **press)
    response = _stored(request, ballot)
    if not voter.has_cookie:
        remember(response, voter)
    return response


def _identified(
    request: HttpRequest,
    kind: type[Ballot | PickBallot],
    choice: str,
    *,
    subject: str,
    now: dt.datetime,
) -> Voter:
    """Who presses. A press without a voter or a box still counts against its network."""
    try:
        voter = identify(request, subject, now=now)
        if choice not in {*kind.choices, "withdraw"}:
            raise UnknownChoiceError(choice)
    except (EditedFormError, StaleFormError, UnknownChoiceError):
        let_in(request, now=now)
        raise
    return voter


def _stored(request: HttpRequest, ballot: AnyBallot) -> HttpResponse:
    """The same answer whether the vote was counted or held."""
    if _is_htmx(request):
        return render(request, ballot.fragment, {ballot.name: ballot, "said": ballot.said})
    return SeeOther(_way_back(request, ballot))


def _refused(
    request: HttpRequest, ballot: AnyBallot, choice: str, refusal: Exception, *, now: dt.datetime
) -> HttpResponse:
    """The ballot again, with the choice kept, a fresh token, and what is wrong."""
    status, words = REFUSALS[type(refusal)]
    ballot = replace(
        ballot,
        choice=choice if choice in ballot.choices else "",
        error=words,
        back=_way_back(request, ballot),
    )
    response = _ballot(request, ballot, status=status, now=now)
    if isinstance(refusal, TooManyPressesError):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _ballot(
    request: HttpRequest, ballot: AnyBallot, *, status: int = 200, now: dt.datetime | None = None
) -> HttpResponse:
    """The ballot with a fresh token: its fragment for htmx, else a page."""
    ballot = replace(
        ballot,
        token=form_token(ballot.subject(**ballot.slugs), now=now or timezone.now()),
        back=ballot.back or _way_back(request, ballot),
    )
    template = ballot.fragment if _is_htmx(request) else "votes/ballot.html"
    return render(request, template, {ballot.name: ballot, "paper": ballot}, status=status)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _way_back(request: HttpRequest, ballot: Ballot | PickBallot) -> str:
    """The page of ours that the reader came from: never another site, never the ballot itself."""
    asked = request.POST.get("back", "")
    if not asked and not comes_from_elsewhere(request):
        referer = urlsplit(request.headers.get("Referer", ""))
        asked = f"{referer.path}?{referer.query}" if referer.query else referer.path
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours and asked != ballot.action else ballot.page


def _or_404(kind: type[AnyBallot], **slugs: str) -> AnyBallot:
    try:
        return kind.of(**slugs)
    except Tool.DoesNotExist as missing:
        raise Http404("There is no published tool at this address.") from missing
