"""The next issue, how far an issue got, and what was reported of it."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from newsletter import editions, preflight, slots, weekly
from newsletter.messages import mail_to_staff
from newsletter.models import Delivery, Issue, MailEvent, WrongStateError
from newsletter.models.issues import LATEST_AFTER
from tools.admin import ReadOnlyAdmin, ask_first

SENDING = "newsletter.send_issue"
# The mail's own page: its style, nothing else, and no way to act.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": [],
}
DELIVERIES_SHOWN = 500


class IssueForm(forms.ModelForm[Issue]):
    item_order = forms.CharField(
        label="Order of items",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One key a line; the first one leads. The preview lists the keys.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "item_order" in self.fields:
            self.initial["item_order"] = "\n".join(self.instance.item_order)

    def clean_item_order(self) -> list[str]:
        lines = str(self.cleaned_data["item_order"]).splitlines()
        return [line.strip() for line in lines if line.strip()]


@admin.register(Issue)
class IssueAdmin(ReadOnlyAdmin):
    form = IssueForm
    fields = ["slot_on", "state", "reason", "send_at", "send_by", "intro", "item_order"]
    readonly_fields = ["slot_on", "state", "reason", "send_by"]
    list_display = ["__str__", "state", "progress", "send_at", "subject"]
    list_filter = ["state"]
    date_hierarchy = "slot_on"

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """Words can be edited while the issue is a draft."""
        is_open = obj is None or obj.is_editable
        return is_open and request.user.has_perm("newsletter.change_issue")

    def save_model(self, request: HttpRequest, obj: Issue, form: Any, change: bool) -> None:
        """Another hour moves the latest time with it."""
        obj.send_by = obj.send_at + LATEST_AFTER
        super().save_model(request, obj, form, change)

    def get_view_on_site_url(self, obj: Issue | None = None) -> str | None:
        """The page of the archive, once there is one."""
        is_out = obj is not None and Issue.objects.sent_to_readers().filter(pk=obj.pk).exists()
        return obj.get_absolute_url() if obj and is_out else None

    @admin.display(description="sent")
    def progress(self, issue: Issue) -> str:
        if not issue.is_frozen:
            return ""
        books = issue.books(now=timezone.now())
        return f"{books.sent:,} of {books.audience:,}"

    def get_urls(self) -> list[URLPattern]:
        def of_one(name: str, view: Any) -> URLPattern:
            guarded = self.admin_site.admin_view(view)
            address: URLPattern = path(
                f"<int:pk>/{name}/", guarded, name=f"newsletter_issue_{name}"
            )
            return address

        return [
            path("next/", self.admin_site.admin_view(self.next), name="newsletter_issue_next"),
            path(
                "preflight/",
                self.admin_site.admin_view(self.preflight),
                name="newsletter_issue_preflight",
            ),
            of_one("preview", self.preview),
            of_one("mail", self.mail),
            of_one("step", self.step),
            of_one("failed", self.failed),
            of_one("ambiguous", self.ambiguous),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request,
            f"admin/newsletter/issue/{name}.html",
            everywhere | {"opts": self.opts, "may_send": request.user.has_perm(SENDING)} | context,
        )

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        issue = kwargs.get("obj")
        context["may_send"] = request.user.has_perm(SENDING)
        if issue and issue.is_frozen:
            context["books"] = issue.books(now=timezone.now())
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_POST)
    def next(self, request: HttpRequest) -> HttpResponse:
        """Make the draft of the next slot, to be edited until then."""
        if not request.user.has_perm(SENDING):
            raise PermissionDenied
        issue = weekly.draft_of(slots.last_slot_week(timezone.now()) + slots.WEEK)
        return HttpResponseRedirect(change_address(issue))

    def preflight(self, request: HttpRequest) -> HttpResponse:
        findings = [*preflight.check_settings(), *preflight.check_relay()]
        mail = None
        try:
            if mail := editions.sample_mail(now=timezone.now()):
                findings += preflight.check_mail(mail)
        except editions.UnmailableError as problem:
            findings.append(preflight.Finding(str(problem)))
        return self.page(request, "preflight", title="Preflight", findings=findings, mail=mail)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail as a reader would see it, HTML and text, and the keys of its items."""
        issue = get_object_or_404(Issue, pk=pk)
        try:
            digest = editions.digest_of(issue, now=timezone.now())
            mail = editions.rendered(issue, digest)
        except (editions.NothingToSayError, editions.UnmailableError) as problem:
            return self.page(
                request, "preview", title=f"Preview: {issue}", object=issue, problem=str(problem)
            )
        return self.page(
            request,
            "preview",
            title=f"Preview: {issue}",
            object=issue,
            digest=digest,
            mail=mail,
            readers=editions.audience_of(digest) if issue.audience is None else issue.audience,
        )

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp(MAIL_POLICY))
    def mail(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML part alone, for the preview's frame."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        issue = get_object_or_404(Issue, pk=pk)
        digest = editions.digest_of(issue, now=timezone.now())
        return HttpResponse(editions.rendered(issue, digest).html)

    @method_decorator(require_POST)
    def step(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(SENDING):
            raise PermissionDenied
        issue = get_object_or_404(Issue, pk=pk)
        is_sure = "confirmed" in request.POST
        if request.POST.get("step") == "cancel" and issue.can_cancel and not is_sure:
            return self.ask_before_cancelling(request, issue)
        try:
            said = self.take(request.POST.get("step", ""), issue, request)
            self.message_user(request, said)
        except (WrongStateError, editions.UnmailableError) as problem:
            self.message_user(request, str(problem), messages.ERROR)
        except editions.NothingToSayError:
            self.message_user(request, "There is nothing to say yet.", messages.ERROR)
        except OSError as problem:
            self.message_user(request, f"The relay did not take it: {problem}", messages.ERROR)
        return HttpResponseRedirect(change_address(issue))

    def ask_before_cancelling(self, request: HttpRequest, issue: Issue) -> HttpResponse:
        waiting = issue.deliveries.open().count() if issue.is_frozen else 0
        return ask_first(
            request,
            self,
            title=f"Cancel {issue}",
            warning=f"It is never sent again; {waiting} of its mails are not sent yet.",
            button="Cancel for good",
        )

    def take(self, step: str, issue: Issue, request: HttpRequest) -> str:
        now, who = timezone.now(), request.user.get_username()
        match step:
            case "schedule":
                weekly.make_ready(issue, now=now)
                return f"Scheduled for {timezone.localtime(issue.send_at):%-d %B %Y, %H:%M}."
            case "pause":
                issue.pause(reason=f"Paused by {who}.")
                return "Paused."
            case "resume":
                issue.resume(now=now)
                return "It goes on within a minute."
            case "cancel":
                issue.cancel(reason=f"Cancelled by {who}.")
                return "Cancelled. No more of it is sent."
            case "test":
                return self.send_test(issue, request)
        raise WrongStateError("There is no such step.")

    def send_test(self, issue: Issue, request: HttpRequest) -> str:
        address = request.POST.get("address", "").strip()
        try:
            validate_email(address)
        except forms.ValidationError as problem:
            raise WrongStateError("Type the address that the test goes to.") from problem
        mail = editions.rendered(issue, editions.digest_of(issue, now=timezone.now()))
        mail_to_staff(mail, to=address).send()
        return f"A test is on its way to {address}."

    def failed(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mails that were refused, and in which words."""
        issue = get_object_or_404(Issue, pk=pk)
        rows = issue.deliveries.failed()
        return self.page_of_mails(request, "failed", f"Failed sends of {issue}", issue, rows)

    def ambiguous(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mails that may or may not have been sent: look at them, send some or all again."""
        issue = get_object_or_404(Issue, pk=pk)
        if request.method == "POST":
            if not request.user.has_perm(SENDING):
                raise PermissionDenied
            chosen = [int(one) for one in request.POST.getlist("reader") if one.isdecimal()]
            everybody = "all" in request.POST
            queued = issue.send_again(
                subscriber_ids=None if everybody else chosen, now=timezone.now()
            )
            self.message_user(request, f"{queued} queued again.")
            return HttpResponseRedirect(request.path)
        rows = issue.deliveries.ambiguous()
        return self.page_of_mails(request, "ambiguous", f"May have been sent: {issue}", issue, rows)

    def page_of_mails(
        self, request: HttpRequest, name: str, title: str, issue: Issue, rows: QuerySet[Delivery]
    ) -> HttpResponse:
        return self.page(
            request,
            name,
            title=title,
            object=issue,
            rows=rows.select_related("subscriber")[:DELIVERIES_SHOWN],
            count=rows.count(),
            may_see=request.user.has_perm("newsletter.see_addresses"),
        )


@admin.register(MailEvent)
class MailEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "provider", "kind", "issue"]
    list_filter = ["kind", "provider"]
    date_hierarchy = "at"


def change_address(issue: Issue) -> str:
    return reverse("admin:newsletter_issue_change", args=[issue.pk])
