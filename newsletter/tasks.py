"""Wake-ups. What is to be done stands in rows; losing or doubling a message does no harm."""

from __future__ import annotations

import mmap
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from newsletter import outbox, sender, watch, weekly

# A byte that the worker shares with the children it forks: they get no word of its end.
ending = mmap.mmap(-1, 1)

# A person waits for these, so they never stand behind an issue (CELERY_TASK_ROUTES), and a
# killed worker gives them back.
for_a_person = shared_task(acks_late=True, reject_on_worker_lost=True)


@for_a_person
def answer_sign_up(sign_up_id: int) -> None:
    outbox.answer(sign_up_id, now=timezone.now())


@shared_task
def pick_up_mail() -> None:
    outbox.pick_up(now=timezone.now())


@shared_task
def forget_unconfirmed() -> None:
    outbox.forget_unconfirmed(now=timezone.now())


@shared_task
def tick() -> None:
    """Once a minute: take the steps that are due, and wake a slice for each free connection."""
    for issue_id in weekly.tick(now=timezone.now()):
        send_slice.apply_async((issue_id,), expires=60)


# No late acknowledgement, no retry, no countdown: a wake-up that is lost is replaced by the next
# tick, and one too many finds no free connection. Redis would hand a late one out twice.
@shared_task(acks_late=False, reject_on_worker_lost=False)
def send_slice(issue_id: int) -> None:
    report = sender.send_slice(issue_id=issue_id, should_stop=lambda: ending[0] == 1)
    if report.has_more and not report.was_told_to_end:
        send_slice.apply_async((issue_id,), expires=60)


@shared_task
def drop_old_deliveries() -> None:
    watch.drop_old_deliveries(now=timezone.now())


@worker_shutting_down.connect
def tell_the_children(**_: Any) -> None:
    ending[0] = 1
