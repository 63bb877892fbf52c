"""The weekly email's records: who gets it, and what was sent."""

from newsletter.models.books import Books
from newsletter.models.consent import Channel, ConsentEvent, ConsentText, Proof
from newsletter.models.deliveries import (
    Delivery,
    Lease,
    MailEvent,
    ReceiverPause,
    Switch,
    database_identity,
)
from newsletter.models.editions import Edition
from newsletter.models.issues import Issue, QuietWeek, WrongStateError
from newsletter.models.moves import Move
from newsletter.models.outgoing_mail import OutgoingMail
from newsletter.models.sign_ups import SignUp
from newsletter.models.subscribers import StaleConfirmationError, Subscriber
from newsletter.models.suppressions import Suppression

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
    "Move",
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
]
