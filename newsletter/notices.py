"""A word to the staff who answer for the email."""

from __future__ import annotations

import logging

from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction

logger = logging.getLogger(__name__)


def tell_staff(subject: str, text: str) -> None:
    """Mail everybody who may send issues, once the transaction stands; and log it."""
    logger.warning("%s: %s", subject, text)
    transaction.on_commit(lambda: mail_staff(subject, text))


def mail_staff(subject: str, text: str) -> None:
    people = get_user_model().objects.with_perm(
        "newsletter.send_issue", backend="django.contrib.auth.backends.ModelBackend"
    )
    addresses = sorted(people.exclude(email="").values_list("email", flat=True))
    if not addresses:
        return
    try:
        send_mail(f"Verdicts: {subject}", text, None, addresses)
    except OSError as problem:  # The relay may be what they are told about.
        logger.error("The staff could not be told: %s", problem)
