"""The WSGI callable that the web server runs: Django, with the page cache in front of it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from verdicts.pagecache import PageCache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")

site = get_wsgi_application()
# Whoever edits a template wants to see it at once.
application = site if settings.DEBUG else PageCache(site, url=settings.CACHE_URL)
