"""Fills the desk's forms as a browser would: from the page, with a few fields changed."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class FormReader(HTMLParser):
    """The successful controls of the page's main form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._select = self._textarea = ""
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        name = at.get("name") or ""
        if tag == "form":
            self._in_form = str(at.get("id", "")).endswith("_form")
        if not self._in_form:
            return
        if tag == "input" and name and at.get("type") not in {"submit", "file"}:
            if at.get("type") not in {"checkbox", "radio"} or "checked" in at:
                self.fields[name] = at.get("value") or (
                    "on" if at.get("type") == "checkbox" else ""
                )
        elif tag == "select":
            self._select = name
            if "multiple" not in at:
                self.fields.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in at:
            self.fields[self._select] = at.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._textarea] = self.fields[self._textarea].removeprefix("\n")
            self._textarea = ""
        elif tag == "select":
            self._select = ""


def fields_of(client: Client, address: str) -> dict[str, Any]:
    reader = FormReader()
    reader.feed(client.get(address).content.decode())
    return {name: value for name, value in reader.fields.items() if "__prefix__" not in name}


def send(client: Client, address: str, **changed: Any) -> Any:
    """The form of the page, with some fields changed."""
    return client.post(address, fields_of(client, address) | changed)


def errors_of(response: Any) -> str:
    """Every complaint on the page that comes back."""
    context = response.context
    return " ".join(str(problem) for problem in context["errors"]) if context else ""
