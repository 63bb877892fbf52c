"""What a page says of itself to robots and to whoever links to it."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from jinja2 import pass_context
from jinja2.runtime import Context

from reviews.standing import Standing
from reviews.verdict import Verdict
from tools.addresses import address
from tools.models import Tool

# What could end the script element early, as JSON's own escapes.
UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

Node = dict[str, Any]


@pass_context
def social_card(context: Context, verdict: Verdict | None = None) -> Node:
    """The picture beside a link, and its words: a published comparison's own, or the site's."""
    has_its_own = verdict is not None and verdict.published_on is not None
    words = settings.SITE_NAME
    card = address("site_card")
    if verdict is not None and has_its_own:
        card = address("comparison_card", verdict.slug)
        words = f"{verdict.comparison}. {verdict.answer.line}"
    request = context.get("request")
    return {
        "page": absolute(request.path) if request else "",
        "kind": "article" if verdict is not None else "website",
        "picture": absolute(card),
        "words": words,
    }


def tool_data(standing: Standing) -> SafeString:
    """JSON-LD of a tool's page. The panel's verdicts are never a rating."""
    tool = standing.tool
    return json_ld(
        software(tool)
        | {
            "description": tool.description,
            "applicationCategory": tool.category.name,
            "creator": {"@type": "Organization", "name": tool.maker},
            "isAccessibleForFree": standing.prices.costs_nothing_to_start,
        }
        | ({"sameAs": tool.website} if tool.website else {})
        | ({"datePublished": tool.launched_on.isoformat()} if tool.launched_on else {}),
        crumbs(("Tools", address("tool_index")), (tool.name, tool.get_absolute_url())),
    )


def pair_data(verdict: Verdict) -> SafeString:
    """JSON-LD of a comparison's page: the page, its place, and the two tools."""
    first, second = (standing.tool for standing in verdict.standings)
    title = f"{first.name} vs {second.name}"
    here = address("comparison_detail", verdict.slug)
    page: Node = {
        "@type": "WebPage",
        "@id": absolute(here),
        "url": absolute(here),
        "name": title,
        "description": str(verdict.answer.summary),
        "isPartOf": {"@type": "WebSite", "name": settings.SITE_NAME, "url": absolute("/")},
    }
    if verdict.published_on:
        page["datePublished"] = verdict.published_on.isoformat()
    both = {
        "@type": "ItemList",
        "name": title,
        "numberOfItems": 2,
        "itemListElement": [
            {"@type": "ListItem", "position": place, "item": software(tool)}
            for place, tool in enumerate((first, second), start=1)
        ],
    }
    trail = crumbs(("Comparisons", address("comparison_index")), (title, here))
    return json_ld(page, trail, both)


def software(tool: Tool) -> Node:
    return {
        "@type": "SoftwareApplication",
        "name": tool.name,
        "url": absolute(tool.get_absolute_url()),
    }


def crumbs(*steps: tuple[str, str]) -> Node:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": absolute(path)}
            for place, (name, path) in enumerate((("Home", "/"), *steps), start=1)
        ],
    }


def json_ld(*nodes: Node) -> SafeString:
    """A block of data, not a script: nothing runs, so the policy on scripts lets it be."""
    graph = {"@context": "https://schema.org", "@graph": nodes}
    text = json.dumps(graph, ensure_ascii=False).translate(UNSAFE)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
