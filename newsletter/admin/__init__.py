"""The newsletter desk: the next issue, how far an issue got, who gets the email.

Nothing is decided here: every button is one verb of the domain.
"""

from newsletter.admin.issues import IssueAdmin, MailEventAdmin
from newsletter.admin.subscribers import ConsentTextAdmin, SubscriberAdmin
from newsletter.admin.switch import SwitchAdmin

__all__ = ["ConsentTextAdmin", "IssueAdmin", "MailEventAdmin", "SubscriberAdmin", "SwitchAdmin"]
