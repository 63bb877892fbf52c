"""What a slug is, here and in the catalogue files, and what no tool's slug may hold."""

from __future__ import annotations

from django.core.validators import RegexValidator

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
# How a comparison's address separates two tools; no tool may hold it.
VERSUS = "-vs-"
NOT_A_TOOL_SLUG = r"-vs-|^vs-|-vs$"

is_slug = RegexValidator(SLUG, "Use a-z, 0-9 and single hyphens.", "slug")
is_free_of_versus = RegexValidator(
    NOT_A_TOOL_SLUG,
    "A tool's slug never contains -vs-, begins with vs- or ends with -vs: "
    "that is how a comparison's address separates two tools.",
    "versus",
    inverse_match=True,
)
