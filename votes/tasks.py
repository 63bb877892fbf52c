"""The ballot box's recurring work; when it runs stands in `verdicts/celery.py`."""

from celery import shared_task
from django.utils import timezone

from votes import boards, erasure, holds, recount


@shared_task
def release_by_rule() -> None:
    holds.release_by_rule(now=timezone.now())


@shared_task
def erase_expired() -> None:
    erasure.erase_expired(now=timezone.now())


@shared_task
def refresh_trends() -> None:
    boards.refresh_trends(now=timezone.now())


@shared_task
def write_the_months() -> None:
    boards.write_the_months(now=timezone.now())


@shared_task
def prove_the_tallies() -> None:
    recount.prove()
