"""History in the admin: who changed what and when, field by field, and a way back to any state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin

Field = models.Field[Any, Any]


@dataclass(frozen=True)
class Difference:
    """One field, as it is and as it was."""

    label: str
    now: str
    then: str


class HistoryAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """An admin page whose object keeps its history; earlier states can be restored.

    A restored state is a new change on top, so the later ones stay in the history.
    """

    object_history_list_template = "admin/tools/_history.html"
    object_history_template = "admin/tools/history.html"
    # The field that decides whether readers see it.
    visible_by: ClassVar[str]
    # What a restore leaves as it is: whether readers see it is decided at the desk, not by history.
    unrestored_fields: tuple[str, ...] = ()
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What readers saw once stays, since its history would go with it."""
        is_allowed = bool(super().has_delete_permission(request, obj))
        return is_allowed and (obj is None or not self.was_shown(obj))

    def was_shown(self, obj: Any) -> bool:
        """It is published or scheduled, or was at any time."""
        field = self.opts.get_field(self.visible_by)
        hidden = False if isinstance(field, models.BooleanField) else None
        is_shown = getattr(obj, self.visible_by) is not hidden
        return is_shown or bool(obj.history.exclude(**{self.visible_by: hidden}).exists())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def history_view_title(self, request: HttpRequest, obj: models.Model) -> str:
        return f"History of {obj}"

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """GET shows what a restore would change; POST restores."""
        if not (object_id.isdecimal() and version_id.isdecimal()):
            raise Http404
        history = self.model.history
        version = get_object_or_404(history, pk=version_id, id=object_id)
        current = get_object_or_404(self.model, pk=object_id)
        if not self.has_view_permission(request, current):
            raise PermissionDenied
        may_restore = self.has_change_permission(request, current)
        fields = self.restored_fields()
        moment = f"{timezone.localtime(version.history_date):%-d %B %Y, %H:%M}"
        if request.method == "POST":
            if not may_restore:
                raise PermissionDenied
            try:
                self.note_restorer(request, current)
                restore(current, version, fields, reason=f"Restored as of {moment}")
            except ValidationError as problem:
                messages.error(request, f"Not restored: {' '.join(problem.messages)}")
            else:
                messages.success(request, f"{current} is restored as of {moment}.")
            address = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return redirect(address, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{current} as of {moment}",
            "opts": self.opts,
            "object": current,
            "version": version,
            "differences": differences(current, version, fields),
            "may_restore": may_restore,
            **(extra_context or {}),
        }
        return render(request, "admin/tools/restore.html", context)

    def note_restorer(self, request: HttpRequest, obj: Any) -> None:
        """Before a restore saves it: whoever restores words has written them."""

    def restored_fields(self) -> list[Field]:
        """What an editor may write, and a restore brings back."""
        fields = [*self.opts.concrete_fields, *self.opts.many_to_many]
        return [
            field for field in fields if field.editable and field.name not in self.unrestored_fields
        ]


@transaction.atomic
def restore(
    current: models.Model, version: models.Model, fields: list[Field], *, reason: str
) -> None:
    """Bring the fields of an earlier version back, as a new change with its reason.

    Raises ValidationError when the earlier state is not possible any more.
    """
    for field in fields:
        if not isinstance(field, models.ManyToManyField):
            setattr(current, field.attname, getattr(version, field.attname))
    current.full_clean()
    current._change_reason = reason  # type: ignore[attr-defined]
    current.save()
    for field in fields:
        if isinstance(field, models.ManyToManyField):
            getattr(current, field.name).set(related_of(version, field))


def differences(
    current: models.Model, version: models.Model, fields: list[Field]
) -> list[Difference]:
    """The fields that are not as they were."""
    pairs = [
        Difference(
            label=capfirst(str(field.verbose_name)),
            now=words(current, field),
            then=words(version, field),
        )
        for field in fields
    ]
    return [pair for pair in pairs if pair.now != pair.then]


def words(state: models.Model, field: Field) -> str:
    """The field's value as an editor reads it."""
    if isinstance(field, models.ManyToManyField):
        return ", ".join(sorted(str(one) for one in related_of(state, field)))
    value = getattr(state, field.attname)
    if value is None or value == "":
        return "—"
    if isinstance(field, models.ForeignKey):
        found = field.related_model._base_manager.filter(pk=value).first()
        return str(found) if found else "(deleted since)"
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value):%-d %B %Y, %H:%M}"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return str(value)


def related_of(state: models.Model, field: models.ManyToManyField[Any, Any]) -> list[models.Model]:
    """What a many-to-many field named, now or in an earlier version."""
    rows = getattr(state, field.name).all()
    if rows.model is field.related_model:
        return list(rows)
    ids = rows.values(f"{field.m2m_reverse_field_name()}_id")
    return list(field.related_model._base_manager.filter(pk__in=ids))
