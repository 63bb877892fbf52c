"""What an address is to us: its stored form, its keyed hash, the company that receives it."""

from __future__ import annotations

import hmac
from functools import cache

from disposable_email_domains import blocklist
from django.conf import settings
from email_validator import EmailNotValidError, EmailUndeliverableError, validate_email

# Domains whose mailboxes one company runs; it counts and slows down all of them as one.
RECEIVERS = {
    "gmail.com": "google",
    "googlemail.com": "google",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "live.com": "microsoft",
    "msn.com": "microsoft",
    "yahoo.com": "yahoo",
    "ymail.com": "yahoo",
    "aol.com": "yahoo",
    "icloud.com": "apple",
    "me.com": "apple",
    "mac.com": "apple",
}


class UnusableAddressError(ValueError):
    """The text is no address that mail could be sent to; the message says why."""


def address_of(text: str) -> str:
    """The address in the form in which it is kept: no spaces, the domain lower and in ASCII.

    Raises UnusableAddressError. The domain is not looked up: that would take time that tells.
    """
    try:
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            # example.org and .test belong to the demo and to tests.
            test_environment=True,
        )
    except EmailNotValidError as problem:
        raise UnusableAddressError(str(problem)) from problem
    return f"{found.ascii_local_part}@{found.ascii_domain}"


def is_known_undeliverable(address: str) -> bool:
    """DNS says that the domain takes no mail. A DNS that does not answer says nothing."""
    try:
        validate_email(address, check_deliverability=True, timeout=5, test_environment=True)
    except EmailUndeliverableError:
        return True
    return False


def email_key(address: str) -> bytes:
    """The keyed hash by which an address is recognised, 32 bytes. Capitals make no difference."""
    return hmac.digest(settings.EMAIL_KEY.encode(), address.lower().encode(), "sha256")


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def receiver_of(address: str) -> str:
    """Who runs the mailbox: a large company's name, else the domain."""
    domain = domain_of(address)
    return RECEIVERS.get(domain, domain)


def is_disposable(address: str) -> bool:
    """The domain, or one above it, hands out throw-away mailboxes."""
    labels = domain_of(address).split(".")
    return any(".".join(labels[start:]) in throwaway_domains() for start in range(len(labels) - 1))


@cache
def throwaway_domains() -> frozenset[str]:
    return frozenset(blocklist)
