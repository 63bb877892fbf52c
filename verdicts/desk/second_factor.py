"""The second factor: enrolment with a QR code, the code at each log-in, recovery codes.

Of a recovery code the database keeps a digest only. It needs neither salt nor slowness: a code
is 80 random bits, too many to try.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django_otp import login, verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
# What the library's column holds: 96 bits of the digest.
DIGEST_LETTERS = 16
KEY_IN_SESSION = "enrolment_key"
WRONG_CODE = "That code isn’t right, or it was used before. Wait for the next one and try again."
TOO_MANY = "Too many wrong codes. Wait a minute, then try the next one."


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        return re.sub(r"[\s-]", "", self.cleaned_data["code"]).lower()


def is_due(user: AbstractBaseUser | AnonymousUser) -> bool:
    """The site demands a second factor, and this session has not shown one."""
    return settings.STAFF_TWO_FACTOR and not user.is_verified()  # type: ignore[union-attr]


def is_enrolled(user: User) -> bool:
    return bool(TOTPDevice.objects.devices_for_user(user, confirmed=True).exists())


def reset(user: User) -> None:
    """Forget the user's phone and recovery codes; the next log-in enrols anew."""
    TOTPDevice.objects.devices_for_user(user).delete()
    StaticDevice.objects.devices_for_user(user).delete()


def ask(request: HttpRequest, *, user: User, context: dict[str, Any]) -> HttpResponse:
    """The page after the password: a code, or for a new staff member the enrolment."""
    if is_enrolled(user):
        return ask_for_code(request, user=user, context=context)
    return enrol(request, user=user, context=context)


def ask_for_code(request: HttpRequest, *, user: User, context: dict[str, Any]) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device, token = device_for(user, code=form.cleaned_data["code"])
        if device and verify_token(user, device.persistent_id, token):
            if isinstance(device, StaticDevice):
                note(user, "Signed in with a recovery code.")
            return let_in(request, device=device)
        is_allowed, _ = device.verify_is_allowed() if device else (True, None)
        form.add_error("code", WRONG_CODE if is_allowed else TOO_MANY)
        # To the log of failed log-ins, which also locks out.
        user_login_failed.send(
            __name__, credentials={"username": user.get_username()}, request=request
        )
    return render(request, "desk/code.html", {**context, "title": "Second factor", "form": form})


def device_for(user: User, *, code: str) -> tuple[TOTPDevice | StaticDevice | None, str]:
    """Digits come from the phone; anything else is a recovery code, known by its digest."""
    kind, token = (TOTPDevice, code) if code.isdigit() else (StaticDevice, digest_of(code))
    return kind.objects.devices_for_user(user, confirmed=True).first(), token


def digest_of(code: str) -> str:
    """What is kept of a recovery code."""
    return urlsafe_b64encode(sha256(code.encode()).digest()).decode()[:DIGEST_LETTERS]


def enrol(request: HttpRequest, *, user: User, context: dict[str, Any]) -> HttpResponse:
    key = request.session.setdefault(KEY_IN_SESSION, random_hex(20))
    device = TOTPDevice(user=user, name="phone", key=key)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        generator = TOTP(device.bin_key, device.step, device.t0, device.digits)
        code = form.cleaned_data["code"]
        if code.isdigit() and generator.verify(int(code), device.tolerance):
            device.last_t = generator.t()
            device.drift = generator.drift
            with transaction.atomic():
                device.save()
                codes = new_codes(user)
            note(user, "Enrolled a second factor.")
            there = let_in(request, device=device)["Location"]
            return show_codes(request, codes=codes, there=there, context=context)
        form.add_error("code", WRONG_CODE)
    return render(
        request,
        "desk/enrol.html",
        {
            **context,
            "title": "Set up your second factor",
            "form": form,
            # Only paths and numbers: nothing that a user wrote.
            "qr_code": mark_safe(segno.make(device.config_url).svg_inline(scale=5)),  # noqa: S308
            "key": key_to_type(device),
        },
    )


def key_to_type(device: TOTPDevice) -> str:
    """The secret as authenticator apps take it by hand."""
    return in_fours(b32encode(device.bin_key).decode())


def in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def let_in(request: HttpRequest, *, device: TOTPDevice | StaticDevice) -> HttpResponse:
    """Mark the session as verified, under a new key, and go on to where they were going."""
    login(request, device)
    request.session.pop(KEY_IN_SESSION, None)
    request.session.cycle_key()
    there = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(
        there, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        there = reverse("admin:index")
    return redirect(there)


def renew_codes(request: HttpRequest, *, user: User, context: dict[str, Any]) -> HttpResponse:
    """POST makes ten new recovery codes and ends the old ones; they are shown this once."""
    if request.method == "POST":
        codes = new_codes(user)
        note(user, "Made new recovery codes.")
        return show_codes(request, codes=codes, there=reverse("admin:index"), context=context)
    left = StaticToken.objects.filter(device__user=user).count()
    return render(
        request,
        "desk/recovery_codes.html",
        {
            **context,
            "title": "Recovery codes",
            "left": left,
            "is_enrolled": is_enrolled(user),
            "how_many": RECOVERY_CODES,
        },
    )


def new_codes(user: User) -> list[str]:
    with transaction.atomic():
        device, _ = StaticDevice.objects.get_or_create(user=user, name="recovery codes")
        device.token_set.all().delete()
        codes = [
            b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
            for _ in range(RECOVERY_CODES)
        ]
        device.token_set.bulk_create(
            StaticToken(device=device, token=digest_of(code)) for code in codes
        )
    return codes


def show_codes(
    request: HttpRequest, *, codes: list[str], there: str, context: dict[str, Any]
) -> HttpResponse:
    return render(
        request,
        "desk/recovery_codes.html",
        {
            **context,
            "title": "Your recovery codes",
            "codes": [in_fours(code) for code in codes],
            "there": there,
        },
    )


def note(user: User, message: str) -> None:
    """Into the user's own history in the admin."""
    LogEntry.objects.log_actions(
        user.pk,
        User.objects.filter(pk=user.pk),
        CHANGE,
        change_message=message,
        single_object=True,
    )
