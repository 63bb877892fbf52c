"""What pages say of the weekly email."""

from django import template

from newsletter.consent import WORDING

register = template.Library()


@register.simple_tag
def consent_wording() -> str:
    """The words that a reader agrees to by signing up."""
    return WORDING
