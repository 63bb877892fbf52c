"""Recurring work of the site's top floor."""

from celery import shared_task
from django.utils import timezone

from verdicts.desk.sessions import forget_old_log_ins, forget_old_sessions


@shared_task
def forget_old_visits() -> None:
    forget_old_log_ins(now=timezone.now())
    forget_old_sessions()
