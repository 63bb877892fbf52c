"""Signing up, and asking for one's own data: pages that anybody may use.

Nothing here looks an address up; the worker answers by mail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from newsletter import limits, tasks
from newsletter.addresses import email_key
from newsletter.forms import AddressForm, SignUpForm, opened
from newsletter.models import ConsentText, Issue, SignUp, Subscriber
from newsletter.views.requests import agent_of, pages, posted
from tools.models import Category
from votes.visitors import comes_from_elsewhere, network_of


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
            return ask(request, SignUp.Wish.OWN_DATA, form, now=timezone.now())
    status = 422 if request.method == "POST" else 200
    return render(request, "newsletter/ask_own_data.html", {"form": form}, status=status)


@csrf_exempt
@require_safe
@cache_control(max_age=0, public=True, must_revalidate=True)
def check_your_inbox(request: HttpRequest) -> HttpResponse:
    """The same page whatever is known of the address."""
    return render(request, "newsletter/check_your_inbox.html")


def ask(
    request: HttpRequest,
    wish: SignUp.Wish,
    form: AddressForm,
    *,
    topics: Sequence[int] = (),
    reader: Subscriber | None = None,
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
            subscriber=reader,
            email=email,
            email_key=key,
            topics=list(topics),
            at=now,
            # A reader's own page has their token in its address.
            page="" if reader else page_of(request),
            network=network_of(request),
            agent=agent_of(request),
            text=ConsentText.objects.current(),
        )
        transaction.on_commit(lambda: tasks.answer_sign_up.delay(sign_up.pk), robust=True)
    return HttpResponseRedirect(reverse("newsletter_check_your_inbox"), status=303)


def page_of(request: HttpRequest) -> str:
    """The page of ours on which the form stood."""
    return urlsplit(request.headers.get("Referer", "")).path[:200]
