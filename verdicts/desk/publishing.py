"""What stands between a draft and its readers: the permission, and a second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone

from tools.editorial import Editorial
from tools.history import HistoryAdmin
from tools.models import Comparison, Tool

NEEDS_ANOTHER = (
    "Somebody else must publish this: you edited it last or asked for the second look. "
    "Leave it as a draft and press ‘Save and ask for a second pair of eyes’."
)


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
        if self.goes_public(cleaned):
            self.instance.needs_other_eyes = settings.EDITORIAL_TWO_PERSON
            is_own = self.writes_text or not self.instance.may_be_published_by(self.user)
            if settings.EDITORIAL_TWO_PERSON and is_own:
                self.add_error(self.visible_by, NEEDS_ANOTHER)
        return cleaned

    def goes_public(self, cleaned: dict[str, Any]) -> bool:
        """It was a draft and will be published or scheduled."""
        return bool(cleaned.get(self.visible_by)) and not self.initial.get(self.visible_by)

    @property
    def writes_text(self) -> bool:
        return bool(set(self.changed_data) - {self.visible_by})


class EditorialAdmin(HistoryAdmin):
    """A tool or a comparison: drafts for writers, publication for editors."""

    form = EditorialForm
    change_form_template = "desk/editorial_form.html"
    # The field that decides whether readers see it.
    visible_by: ClassVar[str]

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
        return is_allowed and (obj is None or is_draft(obj) or self.may_publish(request))

    def has_delete_permission(self, request: HttpRequest, obj: Editorial | None = None) -> bool:
        is_allowed = bool(super().has_delete_permission(request, obj))
        return is_allowed and (obj is None or is_draft(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if self.may_publish(request) else [*fields, self.visible_by]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.user, form.visible_by = request.user, self.visible_by
        return form

    # Saving

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.writes_text or not change:
            obj.edited_by = request.user
        if not is_draft(obj):
            obj.submitted_by, obj.submitted_at, obj.wanted_change = None, None, ""
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        obj = form.instance
        if any(formset.has_changed() for formset in formsets) and obj.edited_by != request.user:
            obj.edited_by = request.user
            obj.save(update_fields=["edited_by"])

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        self.ask_if_wanted(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        self.ask_if_wanted(request, obj)
        return super().response_change(request, obj)

    def ask_if_wanted(self, request: HttpRequest, obj: Editorial) -> None:
        if "_ask" in request.POST and is_draft(obj):
            obj.submit(by=cast(User, request.user), now=timezone.now())
            messages.info(request, "It waits for a second pair of eyes now.")

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
            "needs_two": settings.EDITORIAL_TWO_PERSON,
            "is_draft": obj is None or is_draft(obj),
            "desk_links": self.links(obj) if obj else [],
        }
        return super().render_change_form(request, context, *args, **kwargs)


def is_draft(obj: Editorial) -> bool:
    """Neither published nor scheduled."""
    if isinstance(obj, Tool):
        return not obj.is_published
    assert isinstance(obj, Comparison)
    return obj.publish_at is None
