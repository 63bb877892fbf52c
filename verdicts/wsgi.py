"""The WSGI callable that the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")

application = get_wsgi_application()
