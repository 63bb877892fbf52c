"""Catalogue files at the desk: what exactly an upload would change, then the change itself."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from verdicts.catalog.changes import Changes
from verdicts.catalog.fates import Fate
from verdicts.catalog.importing import CatalogFile, changes_of, import_catalog
from verdicts.catalog.problems import CatalogError
from verdicts.catalog.reading import MOST_BYTES

# Seconds between the look and the confirmation.
KEPT_FOR = 3600
PERMISSION = "tools.publish_tool"
GONE = "The upload is over an hour old, or was imported already. Choose the files again."
MOVED = "The catalogue changed since you looked. This is what the files would change now."


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """A list of files, each of them checked."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        several = data if isinstance(data, list) and data else [None]
        return [super(SeveralFilesField, self).clean(file, initial) for file in several]


class UploadForm(forms.Form):
    catalogue = SeveralFilesField(
        label="Catalogue files",
        widget=SeveralFilesInput(attrs={"accept": ".yaml,.yml"}),
        help_text=f"YAML, up to {MOST_BYTES // 1_000_000} MB each. Nothing changes before you have "
        "seen what would.",
    )
    drafts = forms.BooleanField(
        label="Leave new tools and comparisons as drafts", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.EDITORIAL_TWO_PERSON:
            self.fields["drafts"].disabled = True
            self.fields["drafts"].help_text = "Always, while publishing takes two persons."


def import_files(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponse:
    """GET: the upload. POST of files: what they would change. POST of its key: the change."""
    if not cast(User, request.user).has_perm(PERMISSION):
        raise PermissionDenied
    context = {**context, "title": "Import catalogue files"}
    if "upload" in request.POST:
        return confirm(request, context=context)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        files = [
            CatalogFile(str(file.name), file.read(MOST_BYTES + 1))
            for file in form.cleaned_data["catalogue"]
        ]
        return look(
            request, files, drafts=form.cleaned_data["drafts"], context={**context, "form": form}
        )
    return render(request, "desk/import.html", {**context, "form": form})


def look(
    request: HttpRequest, files: list[CatalogFile], *, drafts: bool, context: dict[str, Any]
) -> HttpResponse:
    """Every problem with its place, or every row that would change."""
    shown: dict[str, Any] = {"files": files}
    now = timezone.now()
    try:
        changes = changes_of(files, now=now, drafts=drafts)
    except CatalogError as refused:
        shown["problems"] = refused.problems
    else:
        key = secrets.token_urlsafe(16)
        cache.set(address_of(request, key), (files, drafts, now), KEPT_FOR)
        shown |= {
            "upload": key,
            "changes": changes,
            "rows": [*changes.of(Fate.ADDED), *changes.of(Fate.CHANGED)],
            "seen": fingerprint(changes),
        }
    return render(request, "desk/import.html", {**context, **shown})


def confirm(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponse:
    """Import what was shown, or show it again when it is no longer the same."""
    key = request.POST["upload"]
    kept = cache.get(address_of(request, key))
    if kept is None:
        messages.error(request, GONE)
        return redirect("admin:import")
    files, drafts, looked_at = kept
    again = {**context, "form": UploadForm()}
    try:
        # As of the hour of the look, so that only the catalogue can make a difference.
        seen = fingerprint(changes_of(files, now=looked_at, drafts=drafts))
        if seen != request.POST.get("seen"):
            messages.warning(request, MOVED)
            return look(request, files, drafts=drafts, context=again)
        by = cast(User, request.user)
        changes = import_catalog(files, now=timezone.now(), drafts=drafts, by=by)
    except CatalogError:
        return look(request, files, drafts=drafts, context=again)
    cache.delete(address_of(request, key))
    messages.success(request, f"Imported: {changes.summary}.")
    return redirect("admin:tools_tool_changelist")


def address_of(request: HttpRequest, key: str) -> str:
    """Where an upload waits; nobody else's key opens it."""
    return f"desk.import.{request.user.pk}.{key[:40]}"


def fingerprint(changes: Changes) -> str:
    """Every row with all its values: it differs when anything that was shown does."""
    return hashlib.sha256("\n".join(map(repr, changes.rows)).encode()).hexdigest()
