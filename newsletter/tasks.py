"""Wake-ups. What is to be done stands in rows; losing or doubling a message does no harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from newsletter import outbox

# A person waits for these, so they never stand behind an issue, and a killed worker gives
# them back.
for_a_person = shared_task(queue="mail_tx", acks_late=True, reject_on_worker_lost=True)


@for_a_person
def answer_sign_up(sign_up_id: int) -> None:
    outbox.answer(sign_up_id, now=timezone.now())


@shared_task(queue="mail_tx")
def pick_up_mail() -> None:
    outbox.pick_up(now=timezone.now())


@shared_task
def forget_unconfirmed() -> None:
    outbox.forget_unconfirmed(now=timezone.now())
