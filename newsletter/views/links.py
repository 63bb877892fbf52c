"""The pages behind mailed links. GET shows and changes nothing; POST acts.

The token is the secret: no cookie, no login, and acting twice is acting once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from newsletter.forms import AddressForm, TopicsForm
from newsletter.models import Move, SignUp, StaleConfirmationError, Subscriber
from newsletter.own_data import stored_of
from newsletter.tokens import (
    BadTokenError,
    Claim,
    ExpiredTokenError,
    Purpose,
    preferences_token,
    read_token,
    unsubscribe_token,
)
from newsletter.views.asking import ask
from newsletter.views.requests import pages, posted, proof_of
from tools.models import Category

LinkView = Callable[[HttpRequest, str], HttpResponse]


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
    subscriber = reader_of(claim)
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
    claim = read_token(token, Purpose.UNSUBSCRIBE, now=now)
    subscriber = Subscriber.objects.filter(pk=claim.subject_id).first()
    if subscriber is None or subscriber.is_erased:
        # There is nobody left to mail, which is what was asked for.
        return render(request, "newsletter/unsubscribed.html", {"is_erased": True})
    if claim.version != subscriber.token_version:
        return leave_by_an_old_link(request, subscriber, now=now)
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


def leave_by_an_old_link(
    request: HttpRequest, subscriber: Subscriber, *, now: dt.datetime
) -> HttpResponse:
    """It was mailed to an address that the reader has left: it ends the mail, and tells nothing."""
    if request.method == "POST":
        subscriber.unsubscribe(proof=proof_of(request), now=now)
    page = "unsubscribe" if subscriber.is_mailed else "unsubscribed"
    return render(request, f"newsletter/{page}.html", {"has_moved": True})


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
    subscriber = chooser_of(token, now=now)
    form = TopicsForm(posted(request))
    if form.is_valid():
        subscriber.choose_topics(form.topics, proof=proof_of(request), now=now)
    categories = list(Category.objects.all())
    kept = [each.slug for each in categories if each.pk in subscriber.topics]
    context = links_of(subscriber) | {
        "form": form,
        "categories": categories,
        "chosen": request.POST.getlist("categories") if form.errors else kept,
        "is_saved": form.is_valid(),
    }
    status = 422 if form.errors else 200
    return render(request, "newsletter/preferences.html", context, status=status)


@mailed_link
def ask_to_move(request: HttpRequest, token: str) -> HttpResponse:
    """Where another address is typed. It decides: until it confirms, everything stays."""
    now = timezone.now()
    subscriber = chooser_of(token, now=now)
    form = AddressForm(posted(request))
    if form.is_valid():
        return ask(request, SignUp.Wish.MOVE, form, reader=subscriber, now=now)
    context = links_of(subscriber) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "newsletter/ask_to_move.html", context, status=status)


@mailed_link
def move(request: HttpRequest, token: str) -> HttpResponse:
    """What the other address was mailed. It may belong to a stranger: the reader is not shown."""
    now = timezone.now()
    claim = read_token(token, Purpose.MOVE, now=now)
    wish = Move.objects.select_related("subscriber").filter(pk=claim.subject_id).first()
    if wish is None or not wish.subscriber.is_confirmed:
        raise StaleConfirmationError
    if "refuse" in request.POST and not wish.confirmed_at:
        wish.delete()
        return render(request, "newsletter/unsubscribed.html", {"is_erased": True})
    if request.method == "POST" or wish.confirmed_at:
        reader = wish.subscriber
        if request.method == "POST":
            reader = reader.move(wish, proof=proof_of(request), now=now)
        return render(request, "newsletter/confirmed.html", links_of(reader))
    return render(request, "newsletter/move.html", {"email": wish.email})


@mailed_link
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    """Everything that is stored about one reader: to take away, or to erase."""
    now = timezone.now()
    subscriber = reader_of(read_token(token, Purpose.OWN_DATA, now=now))
    if subscriber is None:
        raise ExpiredTokenError
    wish = request.POST.get("wish")
    if wish == "export":
        return JsonResponse(
            stored_of(subscriber),
            json_dumps_params={"indent": 2},
            headers={"Content-Disposition": 'attachment; filename="verdicts-my-data.json"'},
        )
    if wish == "erase":
        subscriber.erase(proof=proof_of(request), now=now)
        return render(request, "newsletter/unsubscribed.html", {"is_erased": True})
    status = 422 if request.method == "POST" else 200
    return render(request, "newsletter/own_data.html", {"subscriber": subscriber}, status=status)


def reader_of(claim: Claim) -> Subscriber | None:
    """Whom the link was made for; None once they are erased, or have moved."""
    return Subscriber.objects.filter(pk=claim.subject_id, token_version=claim.version).first()


def chooser_of(token: str, *, now: dt.datetime) -> Subscriber:
    """Who holds the link to their preferences. Raises BadTokenError, ExpiredTokenError."""
    subscriber = reader_of(read_token(token, Purpose.PREFERENCES, now=now))
    if subscriber is None or not subscriber.is_confirmed:
        raise ExpiredTokenError
    return subscriber


def links_of(subscriber: Subscriber) -> dict[str, object]:
    """The reader, and the addresses that their own pages link to."""
    if subscriber.is_erased:
        return {}
    ours = subscriber.pk, subscriber.token_version
    return {
        "subscriber": subscriber,
        "unsubscribe_url": reverse("newsletter_unsubscribe", args=[unsubscribe_token(*ours)]),
        "preferences_url": reverse("newsletter_preferences", args=[preferences_token(*ours)]),
        "move_url": reverse("newsletter_ask_to_move", args=[preferences_token(*ours)]),
    }
