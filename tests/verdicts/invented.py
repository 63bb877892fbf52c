"""The demo's invented tools with the votes that their states need (verdicts/demo/README.md).

Tallies are written straight: what the pages say is tested here, not how votes are counted.
"""

from __future__ import annotations

import datetime as dt

from tools.models import Tool, in_order
from verdicts.catalog.importing import CatalogFile, import_catalog
from verdicts.demo.prepare import CATALOGUE
from votes.models import PickTally, Tally

# Ships, skips, settled, lean, held.
VOTES: dict[str, tuple[int, int, bool, str, int]] = {
    "curlew-desk": (1, 0, False, "", 0),
    "loupe-nano": (6, 3, False, "", 0),
    "minnow-3": (16, 9, False, "", 0),
    "anselm-2": (12, 8, True, "", 0),
    "avocet-lite": (157, 55, True, "ship", 0),
    "fieldglass-edge": (110, 31, True, "ship", 0),
    "harbour-notes": (205, 84, True, "ship", 0),
    "quillwort": (256, 45, True, "ship", 0),
    "tin-whistle": (126, 24, True, "ship", 0),
    "sanderling": (17, 13, True, "", 12),
}
# First, second, neither, settled; in the order of the address.
PICKS: dict[tuple[str, str], tuple[int, int, int, bool]] = {
    ("harbour-notes", "quillwort"): (89, 40, 17, True),
    ("avocet-lite", "fieldglass-edge"): (9, 8, 5, True),
    ("anselm-2", "harbour-notes"): (4, 2, 1, False),
}


def import_demo(*, now: dt.datetime) -> None:
    """The demo's two catalogues."""
    import_catalog([CatalogFile(path.name, path.read_bytes()) for path in CATALOGUE], now=now)


def show_every_state(*, now: dt.datetime) -> None:
    """The demo's catalogues, and the votes and picks of the invented tools."""
    import_demo(now=now)
    tools = Tool.objects.in_bulk(field_name="slug")
    for slug, (ships, skips, is_settled, lean, held) in VOTES.items():
        Tally.objects.update_or_create(
            tool=tools[slug],
            defaults={
                "ships": ships,
                "skips": skips,
                "is_settled": is_settled,
                "lean": lean,
                "held": held,
            },
        )
    for (one, other), (first, second, neither, is_settled) in PICKS.items():
        pair = in_order(tools[one], tools[other])
        lower, higher = sorted(pair, key=lambda tool: tool.pk)
        lower_picks, higher_picks = (first, second) if lower == pair[0] else (second, first)
        PickTally.objects.update_or_create(
            lower=lower,
            higher=higher,
            defaults={
                "lower_picks": lower_picks,
                "higher_picks": higher_picks,
                "neither_picks": neither,
                "is_settled": is_settled,
            },
        )
