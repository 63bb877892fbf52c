"""Every state that the design names is shown by the demo's invented tools; this walks the list."""

import pytest
from django.utils import timezone

from tests.verdicts.invented import show_every_state

# State, page, and the words or marks that show it.
STATES = [
    # The answer.
    ("clear", "avocet-lite-vs-loupe-nano", ["Ship <bdi>Avocet Lite</bdi>.", "#i-ship"]),
    ("clear: its reason", "avocet-lite-vs-loupe-nano", ["Decided by the panel, 4 to 2"]),
    (
        "clear: what happened since",
        "avocet-lite-vs-loupe-nano",
        ['<dd class="is-since"><a href="#history">1 price change, 2 verdicts changed</a>'],
    ),
    (
        "tie, decided",
        "avocet-lite-vs-fieldglass-edge",
        ["A tie.", "#i-tie", "is-deciding", "You can run <bdi>Fieldglass Edge</bdi> yourself"],
    ),
    ("tie, undecided", "mistle-vs-ostler", ["A tie.", "Nothing we record separates them."]),
    (
        "opposed",
        "harbour-notes-vs-quillwort",
        [
            "The panel would ship <bdi>Harbour Notes</bdi>;",
            "readers would ship <bdi>Quillwort</bdi>.",
            "#i-split",
            "would end the readers’ lean",
        ],
    ),
    (
        "none yet, with an editors’ note",
        "plover-desk-vs-tidewrack",
        ["No verdict yet.", "#i-none", "<b>Editors’ note</b>", "No reviewer has judged both."],
    ),
    # The ballot and the pick, before a vote; what follows one is in tests/votes.
    ("not voted", "mistle-vs-ostler", ['aria-pressed="false"', "One vote per reader."]),
    ("picked by many", "harbour-notes-vs-quillwort", ['class="pick__bar"', "69% (60–77%) chose"]),
    ("too few picks", "anselm-2-vs-harbour-notes", ["7 picks, too few to score"]),
    ("no picks", "mistle-vs-ostler", ["No picks yet."]),
    # The scores.
    (
        "a full score",
        "anselm-2-vs-harbour-notes",
        ["60% ship · 95% range 38–79% · 20 reader votes", "100% panel ship", "4 of 4"],
    ),
    ("too few votes", "avocet-lite-vs-loupe-nano", ["9 votes, too few to score"]),
    ("one vote", "avocet-lite-vs-curlew-desk", ["1 vote, too few to score"]),
    ("too new", "marrow-mini-vs-minnow-3", ["25 votes, too new to score"]),
    ("no votes", "mistle-vs-ostler", ["no votes yet", '<span aria-hidden="true">—</span>']),
    ("nobody judged", "plover-desk-vs-tidewrack", ["no verdict yet", "Not reviewed yet"]),
    ("on request", "harbour-notes-vs-tidewrack", ["On request"]),
    # The reviews.
    ("one side missing", "harbour-notes-vs-tidewrack", ["not reviewed yet"]),
    ("both sides", "avocet-lite-vs-loupe-nano", ["All four ship <bdi>Avocet Lite</bdi>"]),
    # Names and texts.
    (
        "long names",
        "brightwell-cloud-vision-enterprise-vs-fieldglass-edge-professional-unlimited",
        ["versus--long"],
    ),
    ("another script", "malik-al-hazin-vs-oharas-parser", ["<bdi>مالك الحزين 2</bdi>"]),
    ("text that looks like markup", "malik-al-hazin-vs-oharas-parser", ["&lt;script&gt;"]),
    # Panel and readers apart.
    (
        "disagreement",
        "quillwort-vs-tin-whistle",
        ["Panel says skip; voting readers lean ship (probability &gt;99%)"],
    ),
]
PAGES = [
    ("a price that changed", "/tools/avocet-lite/", ['<figure class="chart">', "then $0.20 from"]),
    ("a verdict that changed", "/tools/loupe-nano/", ["superseded"]),
    ("a tool with a successor", "/tools/minnow-2/", ["Replaced by", "/tools/minnow-3/"]),
    ("search, near", "/search/?q=avocett", ["Nothing is spelled", "Avocet Lite"]),
    ("search, nothing", "/search/?q=zzzzzzzz", ["Nothing found"]),
    ("wrong input kept", "/compare/?a=avocet-lite&b=nothing", ['value="nothing" aria-invalid']),
    ("invented, and said so", "/tools/avocet-lite/", ["Invented for the demo"]),
]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _every_state():
    show_every_state(now=timezone.now())


def test_every_state_is_shown(page):
    shown = {slug: page(f"/compare/{slug}/") for _, slug, _ in STATES}
    missing = [
        (state, words)
        for state, slug, marks in STATES
        for words in marks
        if words not in shown[slug]
    ]
    missing += [
        (state, words)
        for state, address, marks in PAGES
        for words in marks
        if words not in page(address)
    ]

    assert missing == []


def test_what_is_not_public_is_not_shown(page, client):
    scheduled = page("/compare/fieldglass-edge-vs-loupe-nano/")

    assert "noindex" in scheduled
    assert "This page appears by itself" not in scheduled
    assert "This page is a draft." not in page("/compare/loupe-nano-vs-minnow-3/")
    assert client.get("/compare/avocet-lite-vs-whimbrel/").status_code == 404
