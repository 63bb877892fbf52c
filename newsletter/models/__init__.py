"""The weekly email's records: who gets it, and what was sent."""

from newsletter.models.deliveries import (
    Delivery,
    Lease,
    MailEvent,
    ReceiverPause,
    Switch,
    database_identity,
)
from newsletter.models.issues import Books, Edition, Issue, QuietWeek, WrongStateError
from newsletter.models.subscribers import (
    Channel,
    ConsentEvent,
    ConsentText,
    OutgoingMail,
    Proof,
    SignUp,
    StaleConfirmationError,
    Subscriber,
    Suppression,
    describe,
)

__all__ = [
    "Books",
    "Channel",
    "ConsentEvent",
    "ConsentText",
    "Delivery",
    "Edition",
    "Issue",
    "Lease",
    "MailEvent",
    "OutgoingMail",
    "Proof",
    "QuietWeek",
    "ReceiverPause",
    "SignUp",
    "StaleConfirmationError",
    "Subscriber",
    "Suppression",
    "Switch",
    "WrongStateError",
    "database_identity",
    "describe",
]
