"""Find tools and comparisons: full text first, near names when nothing is spelled so."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.db import connection

from tools.models import Comparison, Tool, in_order

LONGEST = 100
MOST_WORDS = 8
MOST_TOOLS = 24
MOST_NEAR = 8
MOST_COMPARISONS = 12
# Hits that are ranked at all: a common word has as many as there are tools. Names come first.
MOST_RANKED_NAMES = 300
MOST_RANKED = 600
# A word that so many of the newest tools hold is common, and the index, which would give all of
# its hits, is not asked.
NEWEST = 3000
COMMON = 100
# Of the newest comparisons of the tools found, so many are put in order.
MOST_SORTED = 100
# The nearest names by trigrams are read again letter by letter: 'copliot' is near 'copilot'.
MOST_CANDIDATES = 40
LEAST_LIKENESS = 0.72

WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
VERSUS = re.compile(r"\s+(?:vs\.?|versus|or|against)\s+|-vs-", re.I)


@dataclass(frozen=True)
class Found:
    """What a query brings, the best first."""

    words: str
    tools: list[Tool] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    # Nothing is spelled like the words; these are the nearest names.
    is_near: bool = False
    # Two tools that were asked for and that no editor has compared.
    pair: tuple[Tool, Tool] | None = None

    @property
    def is_empty(self) -> bool:
        return not self.tools and not self.comparisons


def cleaned(text: str) -> str:
    """The text as words on one line, of a length that is worth looking for."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 10 * LONGEST])
    return " ".join(printable.split())[:LONGEST].strip()


def search(text: str, *, now: dt.datetime) -> Found:
    """Published tools and comparisons for the words; 'a vs b' looks for that pair."""
    words = cleaned(text)
    sides = [side for side in VERSUS.split(words) if WORD.search(side)]
    if len(sides) == 2:
        return find_pair(words, sides, now=now)
    ids = ranked_ids(words, most=MOST_TOOLS)
    headlines = headline_ids(words)
    is_near = not ids and not headlines
    if is_near:
        ids = near_ids(words)
    return Found(
        words=words,
        tools=in_the_order_of(ids),
        comparisons=comparisons_of(ids, headlines, now=now),
        is_near=is_near,
    )


def find_pair(words: str, sides: list[str], *, now: dt.datetime) -> Found:
    """Both tools, and the comparison of both before those of either."""
    spelled = [ranked_ids(side, most=1) for side in sides]
    found = [ids or near_ids(side) for ids, side in zip(spelled, sides, strict=True)]
    best = list(dict.fromkeys(ids[0] for ids in found if ids))
    tools = in_the_order_of(best)
    comparisons = comparisons_of(best, [], now=now)
    is_compared = any({row.first_id, row.second_id} == set(best) for row in comparisons)
    return Found(
        words=words,
        tools=tools,
        comparisons=comparisons,
        is_near=any(not ids for ids in spelled),
        pair=in_order(*tools) if len(tools) == 2 and not is_compared else None,
    )


RANKED = """
with asked as materialized (
    select search_query(%(words)s::text[]) as query, search_words(%(text)s) as text
),
newest as materialized (
    select tool.id, ts_filter(tool.search, '{a}') @@ asked.query as is_named
    from (
        select id, search from tools_tool where is_published order by id desc limit %(newest)s
    ) tool, asked
    where tool.search @@ asked.query limit %(hits)s
),
hits as (
    select id from newest
    union
    -- Equal, in words that the trigram index, slow at it, does not know.
    (select tool.id from tools_tool tool, asked
     where search_words(tool.name) between asked.text and asked.text
        and tool.is_published limit %(names)s)
    union
    (select tool.id from tools_tool tool, asked
     where to_tsvector('simple', search_words(tool.name)) @@ asked.query and tool.is_published
        and (select count(*) from newest where is_named) < %(common)s limit %(names)s)
    union
    (select tool.id from tools_tool tool, asked
     where tool.search @@ asked.query and tool.is_published
        and (select count(*) from newest) < %(common)s limit %(hits)s)
    union
    (select tool.id from tools_tool tool
     join tools_category category on category.id = tool.category_id, asked
     where to_tsvector('english', search_words(category.name)) @@ asked.query
        and tool.is_published limit %(names)s)
)
select tool.id from hits join tools_tool tool using (id), asked
order by search_words(tool.name) = asked.text desc,
    ts_rank('{.02, .1, .2, 1}', tool.search, asked.query) desc, tool.name, tool.id
limit %(most)s
"""
NEAR = """
select id, name from tools_tool where is_published
order by search_words(%(text)s) <<-> search_words(name) limit %(most)s
"""
NEAR_CATEGORY = """
select tool.id, category.name from tools_tool tool
join tools_category category on category.id = tool.category_id
where tool.is_published and category.id = (
    select id from tools_category
    order by search_words(%(text)s) <<-> search_words(name), id limit 1
) order by tool.name, tool.id limit %(most)s
"""
LIMITS = {
    "names": MOST_RANKED_NAMES,
    "hits": MOST_RANKED,
    "newest": NEWEST,
    "common": COMMON,
}


def ranked_ids(words: str, *, most: int) -> list[int]:
    """Ids of published tools that hold all the words, the best first."""
    asked = WORD.findall(words)[:MOST_WORDS]
    return ids_from(RANKED, words=asked, text=words, most=most, **LIMITS) if asked else []


def near_ids(words: str) -> list[int]:
    """Ids of published tools with a name like the words, else in a category of such a name."""
    asked = WORD.findall(words)[:MOST_WORDS]
    if not asked:
        return []
    for statement in (NEAR, NEAR_CATEGORY):
        rows = rows_of(statement, text=words, most=MOST_CANDIDATES)
        alike = [(likeness(asked, name), tool_id) for tool_id, name in rows]
        alike.sort(key=lambda found: -found[0])
        if near := [tool_id for like, tool_id in alike if like >= LEAST_LIKENESS]:
            return near[:MOST_NEAR]
    return []


def likeness(asked: list[str], name: str) -> float:
    """How like the words of a name are to those asked for, from 0 to 1."""
    names = [word.lower() for word in WORD.findall(name)] or [""]
    best = [
        max(SequenceMatcher(None, word.lower(), other).ratio() for other in names) for word in asked
    ]
    return sum(best) / len(best)


HEADLINES = """
select id from tools_comparison
where to_tsvector('english', search_words(headline)) @@ search_query(%(words)s::text[])
limit %(most)s
"""


def headline_ids(words: str) -> list[int]:
    asked = WORD.findall(words)[:MOST_WORDS]
    return ids_from(HEADLINES, words=asked, most=MOST_SORTED) if asked else []


def ids_from(statement: str, **values: Any) -> list[int]:
    return [row[0] for row in rows_of(statement, **values)]


def rows_of(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def in_the_order_of(ids: list[int]) -> list[Tool]:
    tools = Tool.objects.published().with_category().in_bulk(list(ids))
    return [tools[tool_id] for tool_id in ids if tool_id in tools]


def comparisons_of(
    tool_ids: list[int], headline_ids: list[int], *, now: dt.datetime
) -> list[Comparison]:
    """Published comparisons: of two tools found, of one, then those that only mention it."""
    if not tool_ids and not headline_ids:
        return []
    place = {tool_id: place for place, tool_id in enumerate(tool_ids)}
    rows = Comparison.objects.published(now=now).newest_first()
    candidates = rows.found_by(tool_ids=tool_ids, ids=headline_ids)[:MOST_SORTED]

    def rank(row: tuple[int, int, int]) -> tuple[int, int]:
        places = [place[side] for side in row[1:] if side in place]
        return -len(places), min(places, default=len(place))

    found = sorted(candidates.values_list("pk", "first_id", "second_id"), key=rank)
    ids = [pk for pk, _, _ in found[:MOST_COMPARISONS]]
    comparisons = Comparison.objects.with_tools().in_bulk(ids)
    return [comparisons[pk] for pk in ids if pk in comparisons]
