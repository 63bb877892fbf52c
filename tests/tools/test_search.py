"""Finding tools and comparisons."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import NOW, make_category, make_comparison, make_tool
from tools.search import cleaned, search

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue():
    stores = make_category("vector-databases", name="Vector databases")
    aider = make_tool("aider", name="Aider", tagline="Pairs in the terminal", maker="Paul Gauthier")
    cline = make_tool("cline", name="Cline", description="Like Aider, but inside an editor.")
    copilot = make_tool("github-copilot", name="GitHub Copilot")
    make_tool("gpt-5-nano", name="GPT-5 nano")
    make_tool("gemini-2-5-flash-lite", name="Gemini 2.5 Flash Lite")
    make_tool("qdrant", name="Qdrant", category=stores)
    make_tool("malik", name="مالك الحزين")
    make_tool("resume", name="Résumé Écrit")
    make_tool("aider-next", name="Aider Next", is_published=False)
    make_comparison(aider, copilot, publish_at=NOW - dt.timedelta(days=2))
    make_comparison(
        cline, aider, publish_at=NOW - dt.timedelta(days=9), headline="For a small quorum."
    )
    make_comparison(cline, copilot, publish_at=NOW + dt.timedelta(days=1))


def tools_for(words: str) -> list[str]:
    return [tool.slug for tool in search(words, now=NOW).tools]


def comparisons_for(words: str) -> list[str]:
    return [comparison.slug for comparison in search(words, now=NOW).comparisons]


def test_a_name_comes_before_a_mention():
    assert tools_for("aider") == ["aider", "cline"]


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("AIDER", "aider"),
        ("gauthier", "aider"),
        ("terminals", "aider"),
        ("copil", "github-copilot"),
        ("gpt 5", "gpt-5-nano"),
        ("gpt-5-nano", "gpt-5-nano"),
        ("gemini 2.5", "gemini-2-5-flash-lite"),
        ("vector database", "qdrant"),
        ("مالك", "malik"),
        ("resume ecrit", "resume"),
        ("RÉSUMÉ", "resume"),
    ],
)
def test_words_are_found_as_people_write_them(words, slug):
    found = search(words, now=NOW)

    assert found.tools[0].slug == slug
    assert not found.is_near


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("aidr", "aider"),
        ("copliot", "github-copilot"),
        ("gemni flash", "gemini-2-5-flash-lite"),
        ("qdrnt", "qdrant"),
        ("databses", "qdrant"),
    ],
)
def test_a_slip_of_the_finger_finds_the_nearest_name(words, slug):
    found = search(words, now=NOW)

    assert found.tools[0].slug == slug
    assert found.is_near


def test_a_name_that_is_the_words_is_found_among_many_that_hold_them(monkeypatch):
    monkeypatch.setattr("tools.search.LIMITS", {"names": 5, "hits": 5, "newest": 8, "common": 3})
    make_tool("sonar", name="Sonar")
    for number in range(20):
        make_tool(name=f"Sonar {number}")

    assert tools_for("sonar")[0] == "sonar"


def test_a_word_that_only_older_tools_hold_is_found_by_its_index(monkeypatch):
    monkeypatch.setattr("tools.search.LIMITS", {"names": 5, "hits": 5, "newest": 8, "common": 3})
    make_tool("pelican", name="Pelican", tagline="Fishes in the Danube")
    for number in range(20):
        make_tool(name=f"Sonar {number}")

    assert tools_for("pelican") == ["pelican"]
    assert tools_for("danube") == ["pelican"]


def test_comparisons_of_what_was_found_newest_first():
    assert comparisons_for("aider") == ["aider-vs-cline", "aider-vs-github-copilot"]
    assert comparisons_for("github copilot") == ["aider-vs-github-copilot"]


def test_a_headline_is_found_too():
    assert comparisons_for("quorum") == ["aider-vs-cline"]


@pytest.mark.parametrize(
    "words",
    [
        "aider vs github copilot",
        "copilot or aider",
        "aidr versus copliot",
        "aider-vs-github-copilot",
    ],
)
def test_two_names_find_their_pair_first(words):
    found = search(words, now=NOW)

    assert found.comparisons[0].slug == "aider-vs-github-copilot"
    assert found.pair is None


def test_a_pair_that_nobody_compared_is_offered():
    found = search("qdrant vs aider", now=NOW)

    assert found.pair is not None
    assert [tool.slug for tool in found.pair] == ["aider", "qdrant"]


def test_a_pair_of_which_one_is_unknown_finds_the_other():
    found = search("aider vs quantum toaster", now=NOW)

    assert [tool.slug for tool in found.tools] == ["aider"]
    assert found.pair is None


def test_drafts_and_what_is_scheduled_are_not_found():
    assert "aider-next" not in tools_for("aider next")
    assert "cline-vs-github-copilot" not in comparisons_for("cline vs copilot")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "\x00",
        "quantum toaster",
        "😀",
        "' or 1=1; drop table tools_tool --",
        "a & b | !c:* <-> (",
        "\\",
        "ʼʼ \\ '",
        "_ - /",
        "%",
        "-vs-",
        "vs",
        "x" * 10_000,
        "word " * 5_000,
        "\ud800",
    ],
    ids=ascii,
)
def test_absurd_words_find_little_and_break_nothing(words):
    search(words, now=NOW)


def test_words_are_cleaned_before_they_are_looked_for():
    assert cleaned("  a\x00b\n\tc\u202e ") == "a b c"
    assert len(cleaned("x" * 10_000)) == 100


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    for number in range(30):
        make_comparison(make_tool(name=f"Aider {number}"), make_tool(name=f"Other {number}"))

    with django_assert_num_queries(5):
        search("aider", now=NOW)
    with django_assert_num_queries(5):
        search("aider vs other", now=NOW)
