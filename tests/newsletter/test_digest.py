"""What an issue says, as a value: for readers of some topics, in the editors' order, cut to fit."""

import datetime as dt

import pytest

from newsletter.digest import MOST_ITEMS, Digest
from newsletter.news import digest_for
from tests.factories import NOW, make_category, make_comparison, make_tool

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def digest_of_everything():
    return digest_for(dated_on=NOW.date(), since=NOW - 7 * DAY, before={}, now=NOW)


def test_readers_with_topics_get_those_alone():
    coding, video = make_category("coding"), make_category("video")
    for category, names in ((coding, ("c1", "c2")), (video, ("v1", "v2"))):
        one, other = (make_tool(slug, category=category) for slug in names)
        make_comparison(one, other, publish_at=NOW - DAY)
    mixed = make_comparison(
        make_tool("x1", category=coding), make_tool("x2", category=video), publish_at=NOW - DAY
    )
    digest = digest_of_everything().arranged(keys=[f"new:{mixed.get_absolute_url()}"])
    assert digest.topics == {coding.pk, video.pk}
    assert digest.for_topics([]) == digest
    only_coding = digest.for_topics([coding.pk])
    assert [item.title for item in only_coding.items] == ["X1 vs X2", "C1 vs C2"]
    assert digest.for_topics([video.pk]).subject == "X1 vs X2: no verdict yet"
    assert digest.for_topics([0]) is None


def test_editors_arrange_and_introduce():
    for name in ("a", "b", "c"):
        make_comparison(make_tool(f"{name}-1"), make_tool(f"{name}-2"), publish_at=NOW - DAY)
    digest = digest_of_everything()
    last = digest.items[-1]
    arranged = digest.arranged(keys=[last.key, "new:/gone/"], intro=" One.\n\nTwo. ")
    assert arranged.lead == last
    assert set(arranged.items) == set(digest.items)
    assert arranged.paragraphs == ["One.", "Two."]


def test_a_digest_is_kept_as_json_and_read_back():
    make_comparison(publish_at=NOW - DAY)
    digest = digest_of_everything().arranged(intro="Hello.")
    assert Digest.of_json(digest.as_json()) == digest


def test_an_issue_says_ten_things_and_how_many_more_there_are():
    for _ in range(MOST_ITEMS + 3):
        make_comparison(publish_at=NOW - DAY)
    digest = digest_of_everything()
    assert (len(digest.shortened.items), digest.shortened.left_out) == (MOST_ITEMS, 3)
    assert digest.shortened.preheader.endswith("Also: 9 new verdicts.")


def test_editors_and_readers_with_topics_reach_what_the_issue_has_no_room_for():
    coding, video = make_category("coding"), make_category("video")
    oldest = make_comparison(
        make_tool("v1", category=video), make_tool("v2", category=video), publish_at=NOW - 2 * DAY
    )
    for number in range(MOST_ITEMS):
        pair = (make_tool(f"{side}-{number}", category=coding) for side in "ab")
        make_comparison(*pair, publish_at=NOW - DAY)
    digest = digest_of_everything()
    key = f"new:{oldest.get_absolute_url()}"
    assert key not in [item.key for item in digest.shortened.items]
    assert [item.key for item in digest.for_topics([video.pk]).shortened.items] == [key]
    assert digest.arranged(keys=[key]).shortened.lead.key == key


def test_subject_and_preheader_fit_an_inbox():
    pair = make_comparison(headline="word " * 79, publish_at=NOW - DAY)
    pair.first.name = "N" * 80
    pair.first.save()
    digest = digest_of_everything()
    assert len(digest.subject) <= 120
    assert len(digest.preheader) <= 140
