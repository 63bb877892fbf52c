"""Signing up, and the pages behind mailed links. GET shows and changes nothing; POST acts.

Behind a link the token is the secret: no cookie, no login, and acting twice is acting once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsletter import limits, tasks
from newsletter.addresses import email_key
from newsletter.consent import WORDING
from newsletter.forms import AddressForm, SignUpForm, TopicsForm, opened
from newsletter.models import (
    Channel,
    ConsentText,
    Issue,
    Proof,
    SignUp,
    StaleConfirmationError,
    Subscriber,
    describe,
)
from newsletter.tokens import (
    BadTokenError,
    Claim,
    ExpiredTokenError,
    Purpose,
    preferences_token,
    read_token,
    unsubscribe_token,
)
from tools.models import Category
from votes.visitors import comes_from_elsewhere, network_of

LinkView = Callable[[HttpRequest, str], HttpResponse]
pages = require_http_methods(["GET", "HEAD", "POST"])


# --- Asking ------------------------------------------------------------------------------


@never_cache
@csrf_exempt
@pages
def sign_up(request: HttpRequest) -> HttpResponse:
    """The sign-up page, and the one address that every sign-up box posts to."""
    now = timezone.now()
    form = SignUpForm(posted(request), now=now)
    if request.method == "POST":
        if comes_from_elsewhere(request):
            raise PermissionDenied
        if form.is_valid():
            return ask(request, SignUp.Wish.SUBSCRIBE, form, topics=form.topics, now=now)
    context = {
        "form": form,
        "opened": opened(now),
        "wording": WORDING,
        "categories": Category.objects.all(),
        "chosen": request.POST.getlist("categories"),
        "latest": Issue.objects.sent_to_readers().first(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "newsletter/sign_up.html", context, status=status)


@never_cache
@csrf_exempt
@pages
def ask_own_data(request: HttpRequest) -> HttpResponse:
    """A form that has a link to one's own data mailed: a typed address alone opens nothing."""
    form = AddressForm(posted(request))
    if request.method == "POST":
        if comes_from_elsewhere(request):
            raise PermissionDenied
        if form.is_valid():
            return ask(request, SignUp.Wish.OWN_DATA, form, topics=[], now=timezone.now())
    status = 422 if request.method == "POST" else 200
    return render(request, "newsletter/ask_own_data.html", {"form": form}, status=status)


@cache_control(max_age=0, public=True, must_revalidate=True)
@require_safe
def check_your_inbox(request: HttpRequest) -> HttpResponse:
    """The same page whatever is known of the address."""
    return render(request, "newsletter/check_your_inbox.html")


def ask(
    request: HttpRequest,
    wish: SignUp.Wish,
    form: AddressForm,
    *,
    topics: list[int],
    now: dt.datetime,
) -> HttpResponse:
    """Write the wish down for the worker. The work is the same whatever is known of the address."""
    email = form.cleaned_data["email"]
    key = email_key(email)
    network = network_of(request, ipv6_prefix=64)
    if not (limits.PER_NETWORK.allows(network, now=now) and limits.IN_ALL.allows("", now=now)):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    if limits.PER_ADDRESS.allows(key.hex(), now=now):
        sign_up = SignUp.objects.create(
            wish=wish,
            email=email,
            email_key=key,
            topics=topics,
            at=now,
            page=page_of(request),
            network=network_of(request),
            agent=agent_of(request),
            text=ConsentText.objects.current(),
        )
        transaction.on_commit(lambda: tasks.answer_sign_up.delay(sign_up.pk), robust=True)
    return HttpResponseRedirect(reverse("newsletter_check_your_inbox"), status=303)


# --- Mailed links ------------------------------------------------------------------------


def mailed_link(view: LinkView) -> LinkView:
    """A page behind a token. A link that is no longer good gets a page that says what to do."""

    @never_cache
    @csrf_exempt
    @pages
    @wraps(view)
    def checked(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, token)
        except (ExpiredTokenError, StaleConfirmationError):
            return render(request, "newsletter/link_ended.html", status=410)
        except BadTokenError:
            return render(request, "newsletter/link_ended.html", status=404)

    return checked


@mailed_link
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    claim = read_token(token, Purpose.CONFIRM, now=now)
    subscriber = subscriber_of(claim)
    if subscriber is None or not subscriber.accepts_confirmation(asked_at=claim.made_at):
        raise StaleConfirmationError
    if request.method == "POST":
        subscriber.confirm(asked_at=claim.made_at, proof=proof_of(request), now=now)
    page = "confirmed" if subscriber.is_confirmed else "confirm"
    return render(request, f"newsletter/{page}.html", links_of(subscriber))


@mailed_link
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Also what mail programs POST to by themselves (RFC 8058): 200, without cookie or redirect."""
    now = timezone.now()
    subscriber = subscriber_of(read_token(token, Purpose.UNSUBSCRIBE, now=now))
    if subscriber is None:
        # Erased: there is nobody left to mail, which is what was asked for.
        return render(request, "newsletter/unsubscribed.html", {"is_erased": True})
    if request.method == "POST":
        leave_or_return(subscriber, request, now=now)
    context = links_of(subscriber) | {
        "is_erased": subscriber.is_erased,
        "can_undo": subscriber.can_undo(now=now),
    }
    if not subscriber.is_mailed:
        return render(request, "newsletter/unsubscribed.html", context)
    page = "confirmed" if request.method == "POST" else "unsubscribe"
    return render(request, f"newsletter/{page}.html", context)


def leave_or_return(subscriber: Subscriber, request: HttpRequest, *, now: dt.datetime) -> None:
    proof = proof_of(request)
    if "undo" in request.POST:
        subscriber.undo_unsubscribe(proof=proof, now=now)
    elif "erase" in request.POST:
        subscriber.erase(proof=proof, now=now)
    else:
        subscriber.unsubscribe(proof=proof, now=now)


@mailed_link
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    subscriber = subscriber_of(read_token(token, Purpose.PREFERENCES, now=now))
    if subscriber is None or not subscriber.is_confirmed:
        raise ExpiredTokenError
    form = TopicsForm(posted(request))
    if form.is_valid():
        subscriber.choose_topics(form.topics, proof=proof_of(request), now=now)
    categories = list(Category.objects.all())
    context = links_of(subscriber) | {
        "form": form,
        "categories": categories,
        "chosen": [each.slug for each in categories if each.pk in subscriber.topics],
        "is_saved": form.is_valid(),
    }
    status = 422 if form.errors else 200
    return render(request, "newsletter/preferences.html", context, status=status)


@mailed_link
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    """Everything that is stored about one reader: to take away, or to erase."""
    now = timezone.now()
    subscriber = subscriber_of(read_token(token, Purpose.OWN_DATA, now=now))
    if subscriber is None:
        raise ExpiredTokenError
    wish = request.POST.get("wish")
    if wish == "export":
        return JsonResponse(
            describe(subscriber),
            json_dumps_params={"indent": 2},
            headers={"Content-Disposition": 'attachment; filename="verdicts-my-data.json"'},
        )
    if wish == "erase":
        subscriber.erase(proof=proof_of(request), now=now)
        return render(request, "newsletter/unsubscribed.html", {"is_erased": True})
    status = 422 if request.method == "POST" else 200
    return render(request, "newsletter/own_data.html", {"subscriber": subscriber}, status=status)


def subscriber_of(claim: Claim) -> Subscriber | None:
    """Whom the link was made for; None once they are erased."""
    return Subscriber.objects.filter(pk=claim.subscriber_id, token_version=claim.version).first()


def links_of(subscriber: Subscriber) -> dict[str, object]:
    """The reader, and the addresses that their own pages link to."""
    if subscriber.is_erased:
        return {}
    ours = subscriber.pk, subscriber.token_version
    return {
        "subscriber": subscriber,
        "unsubscribe_url": reverse("newsletter_unsubscribe", args=[unsubscribe_token(*ours)]),
        "preferences_url": reverse("newsletter_preferences", args=[preferences_token(*ours)]),
    }


# --- What a request tells of itself ----------------------------------------------------------


def posted(request: HttpRequest) -> QueryDict | None:
    """The form's fields, even when there are none; None for a GET."""
    return request.POST if request.method == "POST" else None


def proof_of(request: HttpRequest) -> Proof:
    """How somebody who holds a link acted: by our page, or by the mail program's own button."""
    is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    return Proof(
        Channel.ONE_CLICK if is_one_click else Channel.LINK,
        network=network_of(request),
        agent=agent_of(request),
    )


def agent_of(request: HttpRequest) -> str:
    words = request.headers.get("User-Agent", "")
    return "browser" if "Mozilla" in words else "program" if words else ""


def page_of(request: HttpRequest) -> str:
    """The page of ours on which the form stood."""
    return urlsplit(request.headers.get("Referer", "")).path[:200]
