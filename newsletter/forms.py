"""What visitors and readers may ask for: the email, their own data, other topics."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer

from newsletter.addresses import UnusableAddressError, address_of, is_disposable
from tools.models import Category

# Nobody reads the sign-up page, types an address and presses faster than that.
LEAST_TO_FILL = dt.timedelta(seconds=3)
signer = Signer(salt="newsletter.opened")


def opened(now: dt.datetime) -> str:
    """A signed note of when a page with a form was made."""
    return signer.sign(str(int(now.timestamp() * 1000)))


class AddressForm(forms.Form):
    """An address, and a field that people leave empty and programs fill."""

    email = forms.CharField(max_length=254, error_messages={"required": "Type your email address."})
    leave_empty = forms.CharField(required=False)

    def clean_email(self) -> str:
        try:
            address = address_of(self.cleaned_data["email"])
        except UnusableAddressError as problem:
            raise ValidationError(
                f"This is not an email address that mail can be sent to: {problem}"
            ) from problem
        if is_disposable(address):
            raise ValidationError(
                "This is a throw-away mailbox. Please use one that you will still read next week; "
                "you can leave with one press."
            )
        return address

    def clean_leave_empty(self) -> str:
        if self.cleaned_data["leave_empty"]:
            raise ValidationError("Please leave the last field empty; it catches programs.")
        return ""


class TopicsForm(forms.Form):
    categories = forms.ModelMultipleChoiceField(
        queryset=Category.objects.all(),
        to_field_name="slug",
        required=False,
        error_messages={
            "invalid_choice": "There is no category %(value)s.",
            "invalid_pk_value": "There is no category %(pk)s.",
        },
    )

    @property
    def topics(self) -> list[int]:
        return sorted(category.pk for category in self.cleaned_data["categories"])


class SignUpForm(TopicsForm, AddressForm):
    opened = forms.CharField(required=False)

    def __init__(self, *args: Any, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_opened(self) -> str:
        """Only the sign-up page itself says when it was opened; the box elsewhere is shared."""
        text = str(self.cleaned_data["opened"])
        if not text:
            return ""
        try:
            milliseconds = int(signer.unsign(text))
        except (BadSignature, ValueError) as problem:
            raise ValidationError("The page was changed on its way. Please try again.") from problem
        if self.now.timestamp() * 1000 - milliseconds < LEAST_TO_FILL.total_seconds() * 1000:
            raise ValidationError("That was faster than we expect of people. Please press again.")
        return text
