"""The ballots as pages and as forms: each view translates a request into one verb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
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
from votes.models import Pick, Vote
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
Verb = Callable[..., None]


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
    tool = _published(slug)[slug]
    if request.method == "POST":
        verbs = partial(Vote.objects.cast, tool=tool), partial(Vote.objects.withdraw, tool=tool)
        return _press(request, Ballot(tool), *verbs)
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
    found = _published(first, second)
    one, other = found[first], found[second]
    if one == other:
        raise Http404("That is one tool twice.")
    if request.method == "POST":
        pair = {"first": one, "second": other}
        verbs = partial(Pick.objects.cast, **pair), partial(Pick.objects.withdraw, **pair)
        return _press(request, PickBallot(one, other), *verbs)
    one, other = in_order(one, other)
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


def _press(request: HttpRequest, ballot: AnyBallot, cast: Verb, withdraw: Verb) -> HttpResponse:
    if comes_from_elsewhere(request):
        raise PermissionDenied
    now = timezone.now()
    choice = request.POST.get("choice", "")
    try:
        voter = _identified(request, ballot, choice, now=now)
        traces = judge(request, voter=voter, subject=ballot.subject, now=now)
    except tuple(REFUSALS) as refusal:
        return _refused(request, ballot, choice, refusal, now=now)
    if choice == "withdraw":
        withdraw(voter_id=voter.id, now=now)
        return _stored(request, replace(ballot, is_known=voter.has_cookie))
    cast(voter_id=voter.id, choice=choice, traces=traces, now=now)
    response = _stored(request, replace(ballot, choice=choice, is_known=True))
    if not voter.has_cookie:
        remember(response, voter)
    return response


def _identified(request: HttpRequest, ballot: AnyBallot, choice: str, *, now: dt.datetime) -> Voter:
    """Who presses. A press without a voter or a box still counts against its network."""
    try:
        voter = identify(request, ballot.subject, now=now)
        if choice not in {*ballot.choices, "withdraw"}:
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
        token=form_token(ballot.subject, now=now or timezone.now()),
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


def _published(*slugs: str) -> dict[str, Any]:
    """The published tools at these current or former slugs; 404 if one is missing."""
    found = Tool.objects.published().by_any_slug(slugs)
    if missing := set(slugs) - found.keys():
        raise Http404(f"No published tool at {', '.join(sorted(missing))}.")
    return found
