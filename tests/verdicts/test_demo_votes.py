"""The demo's votes make the states of the answer that only readers can make."""

import pytest
from django.conf import settings

from reviews.verdict import Kind, standings_of, verdict_of_pair
from tests.factories import NOW
from tools.models import Tool
from verdicts.catalog.importing import CatalogFile, import_catalog
from votes.demo import cast_demo_votes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo():
    path = settings.BASE_DIR / "verdicts" / "demo" / "states.yaml"
    import_catalog([CatalogFile(path.name, path.read_bytes())], now=NOW)
    cast_demo_votes(now=NOW)


def tool(slug):
    return Tool.objects.with_category().get(slug=slug)


def test_panel_and_readers_are_opposed_on_a_pair():
    verdict = verdict_of_pair(tool("harbour-notes"), tool("quillwort"), now=NOW)
    assert verdict.answer.kind is Kind.OPPOSED
    assert verdict.answer.votes_to_flip
    assert verdict.picks.decisive_words == "69% (60–77%)"


def test_panel_and_readers_disagree_on_a_tool():
    [standing] = standings_of([tool("tin-whistle")], now=NOW)
    assert ">99%" in standing.disagreement


def test_ties_stay_ties():
    verdict = verdict_of_pair(tool("anselm-2"), tool("harbour-notes"), now=NOW)
    assert verdict.answer.kind is Kind.TIE
