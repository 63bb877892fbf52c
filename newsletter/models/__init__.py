"""The weekly email's records: who gets it, and what was sent."""

from newsletter.models.subscribers import (
    Channel,
    ConsentEvent,
    ConsentText,
    OutgoingMail,
    Proof,
    SignUp,
    Subscriber,
    Suppression,
)

__all__ = [
    "Channel",
    "ConsentEvent",
    "ConsentText",
    "OutgoingMail",
    "Proof",
    "SignUp",
    "Subscriber",
    "Suppression",
]
