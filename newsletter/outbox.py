"""The mails that a person waits for: answering sign-ups, sending, trying again, forgetting."""

from __future__ import annotations

import datetime as dt
import logging
from smtplib import SMTPException

from django.conf import settings
from django.db import transaction

from newsletter.addresses import is_known_undeliverable
from newsletter.messages import mail_to_one
from newsletter.models import (
    Channel,
    ConsentEvent,
    Move,
    OutgoingMail,
    Proof,
    SignUp,
    Subscriber,
    Suppression,
)

logger = logging.getLogger(__name__)


def answer(sign_up_id: int, *, now: dt.datetime) -> None:
    """Decide what a sign-up is mailed, and mail it. Again does nothing."""
    sign_up = SignUp.objects.claim(sign_up_id)
    if sign_up is None:
        return
    is_undeliverable = settings.EMAIL_CHECK_DNS and is_known_undeliverable(sign_up.email)
    mail = settle(sign_up, is_undeliverable=is_undeliverable, now=now)
    if mail:
        deliver(mail.pk, now=now)


@transaction.atomic
def settle(sign_up: SignUp, *, is_undeliverable: bool, now: dt.datetime) -> OutgoingMail | None:
    """Put the mail that answers a request into the outbox, if any does; forget the request.

    `is_undeliverable`: DNS says that the domain takes no mail.
    """
    if not SignUp.objects.select_for_update().filter(pk=sign_up.pk).exists():
        return None
    mail = None if is_undeliverable else mail_for(sign_up, now=now)
    sign_up.delete()
    return mail


def mail_for(sign_up: SignUp, *, now: dt.datetime) -> OutgoingMail | None:
    """What the address is mailed; nothing where somebody complained, or had their share."""
    if Suppression.objects.complained(bytes(sign_up.email_key)):
        return None
    match sign_up.wish:
        case SignUp.Wish.OWN_DATA:
            return show_own_data(sign_up, now=now)
        case SignUp.Wish.MOVE:
            return offer_move(sign_up, now=now)
        case _:
            return offer_subscription(sign_up, now=now)


def offer_subscription(sign_up: SignUp, *, now: dt.datetime) -> OutgoingMail | None:
    subscriber = Subscriber.objects.claim_address(
        sign_up.email, topics=sign_up.topics, now=sign_up.at
    )
    if subscriber.is_confirmed:
        return OutgoingMail.post(subscriber, OutgoingMail.Kind.ALREADY_SUBSCRIBED, now=now)
    if subscriber.topics != sign_up.topics:
        subscriber.topics = sign_up.topics
        subscriber.save(update_fields=["topics"])
    subscriber.note(
        ConsentEvent.Kind.REQUESTED, proof=sign_up.proof, now=sign_up.at, text=sign_up.text
    )
    return OutgoingMail.post(subscriber, OutgoingMail.Kind.CONFIRMATION, now=now)


def show_own_data(sign_up: SignUp, *, now: dt.datetime) -> OutgoingMail | None:
    known = Subscriber.objects.of_address(sign_up.email)
    return OutgoingMail.post(known, OutgoingMail.Kind.DATA_LINK, now=now) if known else None


def offer_move(sign_up: SignUp, *, now: dt.datetime) -> OutgoingMail | None:
    """Ask the other address, and let it decide. The reader's own hears nothing."""
    assert sign_up.subscriber_id is not None
    reader = Subscriber.objects.select_for_update().get(pk=sign_up.subscriber_id)
    known = Subscriber.objects.of_address(sign_up.email)
    if known and known.is_confirmed:
        return OutgoingMail.post(known, OutgoingMail.Kind.ALREADY_SUBSCRIBED, now=now)
    if not reader.is_confirmed:
        return None
    reader.note(
        ConsentEvent.Kind.MOVE_ASKED, proof=sign_up.proof, now=sign_up.at, text=sign_up.text
    )
    move, _ = Move.objects.update_or_create(
        subscriber=reader,
        email_key=sign_up.email_key,
        defaults={"email": sign_up.email, "asked_at": sign_up.at, "confirmed_at": None},
    )
    return OutgoingMail.post(reader, OutgoingMail.Kind.MOVE, move=move, now=now)


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
    Move.objects.over(now=now).delete()
    OutgoingMail.objects.settled(now=now).delete()
