"""The WSGI callable that the web server runs: Django, with the page cache in front of it."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from verdicts.pagecache import PageCache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")

site = get_wsgi_application()
# Whoever edits a template wants to see it at once.
application = site if settings.DEBUG else PageCache(site, url=settings.CACHE_URL)

# What is loaded by now stays, so the collector need not look through it again and again; a
# page's own garbage is mostly free of cycles. Worth a twentieth of a rendering.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
