"""What mail providers report of our mails, in django-anymail's normal form.

A provider posts to `https://<user>:<password>@site/webhooks/mail/<provider>/`, where
`<user>:<password>` (or the password alone) is MAIL_WEBHOOK_SECRET; Mailgun signs with it instead.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter.bounces import record

PROVIDERS = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sparkpost": SparkPostTrackingWebhookView,
}
SIGNING = {"mailgun"}
# What anymail's parsers raise at a body that is none of the provider's.
NOT_THEIRS = (
    AnymailError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)


@csrf_exempt
@never_cache
@require_http_methods(["POST", "HEAD"])
def mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """Record a provider's reports; 200 once they are kept, so that it stops repeating them."""
    if provider not in PROVIDERS or not settings.MAIL_WEBHOOK_SECRET:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    parser = trusted_parser(request, provider)
    try:
        events = parser.parse_events(request)
    except NOT_THEIRS as problem:
        raise SuspiciousOperation("not a report of this provider") from problem
    for event in events:
        record(event, provider=provider, now=timezone.now())
    return HttpResponse()


def trusted_parser(request: HttpRequest, provider: str) -> AnymailCoreWebhookView:
    """The provider's parser, once the request has shown the secret. Raises PermissionDenied."""
    secret = settings.MAIL_WEBHOOK_SECRET
    if provider in SIGNING:
        parser = PROVIDERS[provider](webhook_signing_key=secret, webhook_secret=[])
        try:
            parser.run_validators(request)
        except (AnymailWebhookValidationFailure, *NOT_THEIRS) as problem:
            raise PermissionDenied from problem
        return parser
    shown = basic_auth(request)
    if not any(constant_time_compare(part, secret) for part in (shown, shown.partition(":")[2])):
        raise PermissionDenied
    return PROVIDERS[provider](webhook_secret=[shown])


def basic_auth(request: HttpRequest) -> str:
    """'user:password' of the request, or ''."""
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(coded.strip(), validate=True).decode()
    except (Base64Error, UnicodeDecodeError):
        return ""
