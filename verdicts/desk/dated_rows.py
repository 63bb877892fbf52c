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

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk and self.has_changed():
            self.instance = copy.copy(self.instance)
            self.instance.pk = None
            self.instance._state = type(self.instance._state)()
            self.instance.created_at = timezone.now()
            if self.dated_by not in self.changed_data:
                cleaned[self.dated_by] = timezone.localdate()
        return cleaned


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
