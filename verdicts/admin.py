"""Puts the desk's pages into the admin."""

from verdicts.desk import comparison_form, corrections, tool_form, users  # noqa: F401
