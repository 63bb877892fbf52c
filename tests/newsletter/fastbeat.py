"""The site's own Celery, with a beat that ticks each second instead of each minute."""

from verdicts.celery import app

app.conf.beat_schedule = {"tick": {"task": "newsletter.tasks.tick", "schedule": 1}}
