"""The site: settings, addresses, and the pages that compose the other rooms."""

from verdicts.celery import app as celery

__all__ = ["celery"]
