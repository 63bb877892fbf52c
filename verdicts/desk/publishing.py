"""What stands between a draft and its readers: the permission, and a second pair of eyes.

What readers see already is changed at once, and somebody else is asked to look at it afterwards.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone

from tools.editorial import Editorial
from tools.history import HistoryAdmin

NEEDS_ANOTHER = (
    "Somebody else must publish this: you edited it last or asked for the second look. "
    "Leave it as a draft and press ‘Save and ask for a second pair of eyes’."
)
SEEN_ALREADY = "Readers see the change. Somebody else is asked to look at it."
NOT_YOUR_OWN = "Somebody else must look at it: you changed it last."


@dataclass(frozen=True)
class Link:
    """One of the links on top of a form."""

    label: str
    address: str


class HandBackForm(forms.Form):
    wanted_change = forms.CharField(
        label="What must change?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text="The writer reads it on top of the form.",
    )


class EditorialForm(forms.ModelForm[Any]):
    """Refuses a publication that the same person wrote, while two must agree."""

    # Set by the admin for each request.
    user: ClassVar[User]
    # The field that decides whether readers see it.
    visible_by: ClassVar[str]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        goes_public = bool(cleaned.get(self.visible_by)) and not self.was_public
        self.instance.needs_other_eyes = settings.EDITORIAL_TWO_PERSON and goes_public
        is_own = self.writes_text or not self.instance.may_be_published_by(self.user)
        if self.instance.needs_other_eyes and is_own:
            self.add_error(self.visible_by, NEEDS_ANOTHER)
        return cleaned

    @property
    def was_public(self) -> bool:
        """It was published or scheduled when the form was opened."""
        return bool(self.initial.get(self.visible_by))

    @property
    def writes_text(self) -> bool:
        return bool(set(self.changed_data) - {self.visible_by})


class EditorialAdmin(HistoryAdmin):
    """A tool or a comparison: drafts for writers, publication for editors."""

    form = EditorialForm
    change_form_template = "desk/editorial_form.html"

    def restored_fields(self) -> list[Any]:
        """Who asked for what stays as it is."""
        asked = {"submitted_by", "submitted_at", "wanted_change"}
        return [field for field in super().restored_fields() if field.name not in asked]

    # Who may do what

    def may_publish(self, request: HttpRequest) -> bool:
        return cast(User, request.user).has_perm(
            f"{self.opts.app_label}.publish_{self.opts.model_name}"
        )

    def has_change_permission(self, request: HttpRequest, obj: Editorial | None = None) -> bool:
        """Writers change drafts; what readers see is the editors'."""
        is_allowed = bool(super().has_change_permission(request, obj))
        return is_allowed and (obj is None or obj.is_draft or self.may_publish(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if self.may_publish(request) else [*fields, self.visible_by]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.user, form.visible_by = request.user, self.visible_by
        return form

    # Saving

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.was_public is obj.is_draft:
            # Published by the second pair of eyes, or taken back.
            obj.submitted_by, obj.submitted_at, obj.wanted_change = None, None, ""
        if form.writes_text or not change:
            obj.note_writer(by=cast(User, request.user), now=timezone.now())
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        is_noted = form.writes_text or not change
        if not is_noted and any(formset.has_changed() for formset in formsets):
            form.instance.note_writer(by=cast(User, request.user), now=timezone.now())
            form.instance.save()

    def note_restorer(self, request: HttpRequest, obj: Any) -> None:
        obj.note_writer(by=cast(User, request.user), now=timezone.now())

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        self.take_answer(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        self.take_answer(request, obj)
        return super().response_change(request, obj)

    def take_answer(self, request: HttpRequest, obj: Editorial) -> None:
        """What the buttons beside Save say of the second pair of eyes."""
        user = cast(User, request.user)
        if obj.is_draft:
            if "_ask" in request.POST:
                obj.submit(by=user, now=timezone.now())
                messages.info(request, "It waits for a second pair of eyes now.")
        elif obj.is_waiting and "_accept" in request.POST and obj.may_be_published_by(user):
            obj.accept()
            self.log_change(request, obj, "Looked at, and found right.")
            messages.info(request, "It is off the list of what must be looked at.")
        elif obj.is_waiting and obj.submitted_by == user:
            messages.info(request, NOT_YOUR_OWN if "_accept" in request.POST else SEEN_ALREADY)

    # Pages

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:object_id>/hand-back/",
                self.admin_site.admin_view(self.hand_back),
                name=f"{self.opts.app_label}_{self.opts.model_name}_hand_back",
            ),
            *super().get_urls(),
        ]

    def links(self, obj: Any) -> list[Link]:
        """On top of the form, before History."""
        return []

    def hand_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer a request for a second look with what must change first."""
        obj = get_object_or_404(self.model, pk=object_id)
        if not self.may_publish(request) or not self.has_change_permission(request, obj):
            raise PermissionDenied
        form = HandBackForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            obj.hand_back(wanted_change=form.cleaned_data["wanted_change"])
            self.log_change(request, obj, "Handed back with a wish.")
            messages.success(request, f"Handed back: {obj}.")
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Hand back: {obj}",
            "opts": self.opts,
            "object": obj,
            "form": form,
        }
        return render(request, "desk/hand_back.html", context)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        obj = kwargs.get("obj")
        context |= {
            "may_publish": self.may_publish(request),
            "may_accept": obj is not None and obj.may_be_published_by(cast(User, request.user)),
            "needs_two": settings.EDITORIAL_TWO_PERSON,
            "is_draft": obj is None or obj.is_draft,
            "was_shown": obj is not None and self.was_shown(obj),
            "desk_links": self.links(obj) if obj else [],
        }
        return super().render_change_form(request, context, *args, **kwargs)


class StateFilter(admin.SimpleListFilter):
    """Where a tool or a comparison stands: the very rows that the start page counts."""

    title = "state"
    parameter_name = "state"
    states: ClassVar[dict[str, str]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.states.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in self.states:
            return queryset
        return queryset.filter(pk__in=self.found(state, now=timezone.now()).values("pk"))

    def found(self, state: str, *, now: dt.datetime) -> QuerySet[Any]:
        raise NotImplementedError
