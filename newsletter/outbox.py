"""The mails that a person waits for: answering sign-ups, sending, trying again, forgetting."""

from __future__ import annotations

import datetime as dt
import logging
from smtplib import SMTPException

from django.conf import settings

from newsletter.addresses import is_known_undeliverable
from newsletter.messages import mail_to_one
from newsletter.models import Channel, OutgoingMail, Proof, SignUp, Subscriber

logger = logging.getLogger(__name__)


def answer(sign_up_id: int, *, now: dt.datetime) -> None:
    """Decide what a sign-up is mailed, and mail it. Again does nothing."""
    sign_up = SignUp.objects.claim(sign_up_id)
    if sign_up is None:
        return
    is_undeliverable = settings.EMAIL_CHECK_DNS and is_known_undeliverable(sign_up.email)
    mail = sign_up.answer(is_undeliverable=is_undeliverable, now=now)
    if mail:
        deliver(mail.pk, now=now)


def deliver(mail_id: int, *, now: dt.datetime) -> None:
    """Make one attempt; what the relay does not take is tried again by `pick_up`."""
    mail = OutgoingMail.objects.claim(mail_id, now=now)
    if mail is None:
        return
    try:
        mail_to_one(mail, now=now).send()
    except (SMTPException, OSError) as problem:
        # Neither the address nor the reply, which may repeat it.
        logger.warning("Mail %s was not taken: %s", mail.pk, type(problem).__name__)
        return
    mail.mark_sent(now=now)


def pick_up(*, now: dt.datetime) -> None:
    """Do what a lost wake-up left behind, and what is due again."""
    for sign_up_id in SignUp.objects.unanswered(now=now).values_list("pk", flat=True):
        answer(sign_up_id, now=now)
    for mail_id in OutgoingMail.objects.due(now=now).values_list("pk", flat=True):
        deliver(mail_id, now=now)


def forget_unconfirmed(*, now: dt.datetime) -> None:
    """Erase what nobody confirmed in two weeks, and mails that no cooldown asks for any more."""
    for subscriber in Subscriber.objects.never_confirmed(now=now).iterator():
        subscriber.erase(proof=Proof(Channel.CLOCK), now=now)
    SignUp.objects.hopeless(now=now).delete()
    OutgoingMail.objects.settled(now=now).delete()
