"""Places on a figure's axis, as SVG attributes: plain dots whatever the language."""

from __future__ import annotations

from django import template

from reviews.standing import Panel
from verdicts.charts import along
from votes.shares import Share

register = template.Library()


register.filter("along", along)


@register.filter
def spread(share: Share) -> str:
    """How much of the axis a 95% range covers."""
    low, high = share.interval
    return along(high - low)


@register.filter
def panel_along(panel: Panel) -> str:
    return along(panel.ships / panel.of)
