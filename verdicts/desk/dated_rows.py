"""Inline rows that are never overwritten: a changed one is saved as a new, dated one."""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from verdicts.desk.publishing import NEEDS_ANOTHER


class DatedRowForm(forms.ModelForm[Any]):
    """A change makes the row a new one: dated as typed, or today when the date is left alone."""

    dated_by: str
    # What makes two rows ones of the same line.
    one_line: tuple[str, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.dated_by in self.fields:
            self.fields[self.dated_by].required = False
            self.fields[self.dated_by].help_text = "Empty: today."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_kept = bool(self.instance.pk)
        if is_kept and self.has_changed():
            self.instance = copy.copy(self.instance)
            self.instance.pk = None
            self.instance._state = type(self.instance._state)()
            self.instance.created_at = timezone.now()
        is_dated = self.dated_by in self.changed_data or not is_kept
        if self.has_changed() and not (is_dated and cleaned.get(self.dated_by)):
            cleaned[self.dated_by] = timezone.localdate()
        if self.has_changed() and self.is_taken(cleaned):
            self.add_error(self.dated_by, "There is one of that day already. Give another day.")
        return cleaned

    def is_taken(self, cleaned: dict[str, Any]) -> bool:
        """The same line of the same tool has a row of that day."""
        names = (*self.one_line, self.dated_by)
        tool = self.instance.tool_id or cleaned["tool"].pk
        if not tool or not all(name in cleaned for name in names):
            return False
        rows = self._meta.model._default_manager.filter(tool=tool)
        return bool(rows.filter(**{name: cleaned[name] for name in names}).exists())


class DatedRowsFormSet(forms.BaseInlineFormSet[Any, Any, Any]):
    def clean(self) -> None:
        super().clean()
        if getattr(self.instance, "needs_other_eyes", False) and self.has_changed():
            raise ValidationError(NEEDS_ANOTHER)

    def save_existing_objects(self, commit: bool = True) -> list[Any]:
        """Every changed row as a new one; the old rows stay as they are."""
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []
        changed = [form for form in self.initial_forms if form.has_changed()]
        saved = [self.save_new(form, commit=commit) for form in changed]
        self.changed_objects = [
            (row, form.changed_data) for row, form in zip(saved, changed, strict=True)
        ]
        if not commit:
            self.saved_forms = changed
        return saved
