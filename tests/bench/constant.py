"""A Django view that knows its answer, behind the site's own middleware."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "verdicts.settings")
BODY = Path(os.environ["BENCH_PAGE"]).read_bytes()


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BODY)


urlpatterns = [path("", constant)]

settings.ROOT_URLCONF = "tests.bench.constant"
application = get_wsgi_application()
