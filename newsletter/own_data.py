"""All that is stored about one reader, for the reader to take away."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from newsletter.models import Subscriber
from tools.models import Category


def stored_of(subscriber: Subscriber) -> dict[str, Any]:
    """Ready for JSON."""
    return {
        "address": subscriber.email,
        "state": subscriber.state,
        "topics": list(
            Category.objects.filter(pk__in=subscriber.topics).values_list("slug", flat=True)
        ),
        "signed_up_at": subscriber.created_at,
        "confirmed_at": subscriber.confirmed_at,
        "ended_at": subscriber.ended_at,
        "bounce_score": subscriber.bounce_score,
        "last_bounce_on": subscriber.last_bounce_on,
        "consent": [
            {
                "kind": event.kind,
                "at": event.at,
                "how": event.channel,
                "page": event.page,
                "network": event.network,
                "agent": event.agent,
                "wording": event.text.body,
            }
            for event in subscriber.events.select_related("text")
        ],
        "moves": list(subscriber.moves.values("email", "asked_at", "confirmed_at")),
        "mails": list(subscriber.mails.values("kind", "created_at", "sent_at")),
        "issues": list(
            subscriber.deliveries.order_by("issue").values(
                "sent_at", "reply", issue_of=F("issue__slot_on")
            )
        ),
    }
