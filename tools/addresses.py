"""Addresses by name. A page prints forty of them, and Django would work each one out anew."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=20_000)
def address(name: str, *args: str) -> str:
    return reverse(name, args=args)
