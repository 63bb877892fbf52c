"""Static files: one style sheet out of many, hashed, precompressed, collected once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

SITE_CSS = "css/site.css"
IMPORT = re.compile(r'^@import "([^"]+)";$', re.MULTILINE)
# Above this only the desk's libraries are left, and the best quality takes seconds for them.
LARGE = 60_000


@require_safe
@cache_control(public=True, max_age=86_400)
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon of what is no page: on to its lasting address."""
    return redirect(static("img/favicon.ico"))


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Hashed names, brotli and gzip beside each file, and `site.css` with its imports inside."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        def text_of(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        def imported(match: re.Match[str]) -> str:
            return text_of(posixpath.join(posixpath.dirname(SITE_CSS), match[1]))

        if SITE_CSS in paths:
            whole = InMemoryStorage()
            whole.save(SITE_CSS, ContentFile(IMPORT.sub(imported, text_of(SITE_CSS))))
            paths[SITE_CSS] = whole, SITE_CSS
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def stored_name(self, name: str) -> str:
        # Where nothing was collected (tests, runserver) the finders serve plain names.
        return str(super().stored_name(name)) if self.hashed_files else name

    def create_compressor(self, **options: Any) -> Compressor:
        return QuickCompressor(**options)


class QuickCompressor(Compressor):  # type: ignore[misc]  # untyped
    @staticmethod
    def compress_brotli(content: bytes) -> bytes:
        return bytes(brotli.compress(content, quality=11 if len(content) < LARGE else 9))


def collect() -> bool:
    """Collects the static files unless they have not changed since; whether it did."""
    known = Path(settings.STATIC_ROOT).with_suffix(".collected")
    state = fingerprint()
    if known.exists() and known.read_text() == state:
        return False
    known.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    known.write_text(state)
    return True


def fingerprint() -> str:
    """Changes with every static file that is added, removed or written anew."""
    digest = sha256()
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=None):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
