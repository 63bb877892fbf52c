"""The catalogue: categories, tools, dated prices with their sources, and pairs of tools."""

from tools.models.categories import Category
from tools.models.comparisons import Comparison, in_order, pair_slug
from tools.models.corrections import Correction
from tools.models.prices import PricePoint
from tools.models.slugs import NOT_A_TOOL_SLUG, SLUG, VERSUS, is_slug
from tools.models.sources import Source
from tools.models.tools import FormerSlug, Openness, PriceKind, Tool, ToolQuerySet

__all__ = [
    "NOT_A_TOOL_SLUG",
    "SLUG",
    "VERSUS",
    "Category",
    "Comparison",
    "Correction",
    "FormerSlug",
    "Openness",
    "PriceKind",
    "PricePoint",
    "Source",
    "Tool",
    "ToolQuerySet",
    "in_order",
    "is_slug",
    "pair_slug",
]
