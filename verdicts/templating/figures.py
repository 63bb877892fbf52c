"""Places on a figure's axis, as SVG attributes: plain dots whatever the language."""

from __future__ import annotations

from reviews.standing import Panel
from verdicts.charts import along
from votes.shares import Share


def spread(share: Share) -> str:
    """How much of the axis a 95% range covers."""
    low, high = share.interval
    return along(high - low)


def panel_along(panel: Panel) -> str:
    return along(panel.ships / panel.of)
