"""The proof that a reader agreed: in which words, when, from where. Written once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils import timezone

from newsletter.consent import VERSION, WORDING


class Channel(models.TextChoices):
    """How a wish reached us."""

    FORM = "form", "a form on the site"
    LINK = "link", "a link in a mail"
    ONE_CLICK = "one-click", "the mail program's own button"
    WEBHOOK = "webhook", "the mail provider"
    ADMIN = "admin", "staff"
    CLOCK = "clock", "the clock"


@dataclass(frozen=True)
class Proof:
    """From where a wish came. `network` is a /24 or /48, `agent` a class such as 'browser'."""

    channel: Channel
    page: str = ""
    network: str = ""
    agent: str = ""


class ConsentTextQuerySet(models.QuerySet["ConsentText"]):
    def current(self) -> ConsentText:
        """The wording that stands beside the sign-up box today; recorded at its first use."""
        text, _ = self.get_or_create(version=VERSION, defaults={"body": WORDING})
        return text


class ConsentText(models.Model):
    """The exact words that a reader agreed to. A new wording is a new version."""

    version = models.PositiveSmallIntegerField(primary_key=True)
    language = models.CharField(max_length=8, default="en")
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return f"Version {self.version}"


class ConsentEvent(models.Model):
    """One line of the proof of consent. The database refuses to change or delete it."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", "asked for the email"
        CONFIRM_SENT = "confirm-sent", "was sent the confirmation mail"
        CONFIRMED = "confirmed", "confirmed"
        PREFERENCES = "preferences", "chose topics"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        RESUMED = "resumed", "took the unsubscribing back"
        COMPLAINT = "complaint", "reported a mail as spam"
        BOUNCE_STOP = "bounce-stop", "was stopped after bounces"
        MOVE_ASKED = "move-asked", "asked to move to another address"
        MOVED = "moved", "moved to another address"
        ERASED = "erased", "was erased"

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(max_length=14, choices=Kind)
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, choices=Channel)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=200, blank=True)
    network = models.CharField(max_length=50, blank=True)
    agent = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.kind}"
