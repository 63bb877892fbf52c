"""Celery, and every recurring job of the site in one dict."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")

app = Celery("verdicts")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# In plain words: what, how often, why.
app.conf.beat_schedule = {
    "make, send and look after the week's issue": {
        "task": "newsletter.tasks.tick",
        # Every minute in UTC; the tick itself finds the slot on the local clock, so that no change
        # of summer time, late beat or second beat skips or doubles a week.
        "schedule": 60,
        "options": {"expires": 50},
    },
    "forget who got issues that were done three months ago": {
        "task": "newsletter.tasks.drop_old_deliveries",
        "schedule": crontab(hour="3", minute="47"),
    },
    "try again the mails that a person waits for, and those a lost wake-up left": {
        "task": "newsletter.tasks.pick_up_mail",
        "schedule": 60,
        # A beat that comes late is replaced by the next one.
        "options": {"expires": 50},
    },
    "forget sign-ups that nobody confirmed in two weeks": {
        "task": "newsletter.tasks.forget_unconfirmed",
        "schedule": crontab(hour="3", minute="17"),
    },
    "release, by the rule of the night, votes that were held yesterday": {
        "task": "votes.tasks.release_by_rule",
        "schedule": crontab(hour="0", minute="20"),
    },
    "erase salts, hashes and dead voters when their time is over": {
        "task": "votes.tasks.erase_expired",
        "schedule": crontab(minute="5"),
    },
    "compute what is trending": {
        "task": "votes.tasks.refresh_trends",
        "schedule": crontab(minute="35"),
    },
    "keep the public line of the months that are over": {
        "task": "votes.tasks.write_the_months",
        "schedule": crontab(hour="1", minute="10"),
    },
    "prove that every tally equals its votes, and complain when not": {
        "task": "votes.tasks.prove_the_tallies",
        "schedule": crontab(hour="2", minute="40"),
    },
    "forget who signed in to the desk three months ago, and from where": {
        "task": "verdicts.tasks.forget_old_visits",
        "schedule": crontab(hour="4", minute="5"),
    },
}
