"""Reading settings from the environment and from `.env`: what is wrong is gathered, not raised.

With DATABASE_URL the site is in production, where nothing important has a default.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# The tests name another file: a developer's settings decide nothing there.
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))

# One line for each setting that is missing or senseless: which, and how to set it.
problems: list[str] = []


def text(name: str, default: str) -> str:
    """The setting as it was written; left blank, it is the default."""
    return str(env.str(name, default="")).strip() or default


IS_PRODUCTION = bool(text("DATABASE_URL", ""))


def required(name: str, default: str, how: str) -> str:
    """The setting's text; in production it must be set."""
    value = text(name, "" if IS_PRODUCTION else default)
    if not value:
        problems.append(f"{name} is not set. {how}")
    return value or default


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        problems.append(f"{name}={value} is not a whole number from {least} to {most}.")
        return default
    return int(value)


def fraction(name: str, default: float) -> float:
    """A number from 0 to 1."""
    value = text(name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        problems.append(f"{name}={value} is not a number from 0 to 1.")
        return default
    return number


def one_of(name: str, default: str, values: list[str]) -> str:
    value = text(name, default).lower()
    if value not in values:
        problems.append(f"{name}={value} is unknown. Use one of: {', '.join(values)}.")
        return default
    return value


def switch(name: str, *, default: bool) -> bool:
    """on or off."""
    value = text(name, "on" if default else "off").lower()
    if value not in {"on", "true", "yes", "1", "off", "false", "no", "0"}:
        problems.append(f"{name}={value} is neither on nor off.")
    return value in {"on", "true", "yes", "1"}


def address(name: str, value: str, schemes: set[str], example: str) -> SplitResult:
    """The parts of an address; it is never repeated in a problem, for it may hold a password."""
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in schemes and (parts.hostname or parts.scheme == "unix")
        is_right = bool(is_right) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right:
        problems.append(f"{name} is not a usable address. Example: {example}")
        return urlsplit(example)
    return parts
