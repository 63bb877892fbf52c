"""Celery, and every recurring job of the site in one dict."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")

app = Celery("verdicts")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# In plain words: what, how often, why.
app.conf.beat_schedule = {}
