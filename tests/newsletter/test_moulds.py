import pytest

from newsletter.moulds import (
    ADDRESS,
    MESSAGE_KEY,
    PREFERENCES,
    UNSUBSCRIBE,
    Cast,
    Mould,
    MouldError,
)

READER = Cast(address="ann@example.org", message_key="i1.0f", unsubscribe="u-1", preferences="p-1")


def message(body: str = f"Out: {UNSUBSCRIBE}\nTopics: {PREFERENCES}\n") -> bytes:
    text = f"To: {ADDRESS}\nMessage-ID: <{MESSAGE_KEY}@news.example>\n\n{body}"
    return text.replace("\n", "\r\n").encode()


def test_a_cast_holds_the_readers_values_and_nothing_of_the_marks():
    assert Mould.of(message()).cast(READER).decode() == (
        "To: ann@example.org\r\nMessage-ID: <i1.0f@news.example>\r\n\r\nOut: u-1\r\nTopics: p-1\r\n"
    )


def test_two_casts_for_one_reader_are_equal_to_the_byte():
    assert Mould.of(message()).cast(READER) == Mould.of(message()).cast(READER)


def test_a_line_that_begins_with_a_dot_is_stuffed():
    mould = Mould.of(message(f"a\n.\n.b {UNSUBSCRIBE}\n..c {PREFERENCES}\n"))
    assert mould.cast(READER).endswith(b"a\r\n..\r\n..b u-1\r\n...c p-1\r\n")


@pytest.mark.parametrize(
    "body",
    [
        f"Out: {UNSUBSCRIBE}\n",  # no preferences
        f"Out: {UNSUBSCRIBE[:9]}=\n{UNSUBSCRIBE[9:]}\n{PREFERENCES}\n",  # broken by a soft line end
        f"Out:\n{UNSUBSCRIBE} {PREFERENCES}\n",  # at the beginning of a line
    ],
)
def test_a_mark_that_is_missing_broken_or_misplaced_is_refused(body):
    with pytest.raises(MouldError):
        Mould.of(message(body))


def test_a_wrong_count_of_a_mark_is_refused():
    counts = {ADDRESS: 1, MESSAGE_KEY: 1, UNSUBSCRIBE: 2, PREFERENCES: 1}
    with pytest.raises(MouldError, match="1 of 2"):
        Mould.of(message(), counts=counts)


def test_a_bare_line_end_is_refused():
    with pytest.raises(MouldError, match="CR LF"):
        Mould.of(message() + b"a\nb\r\n")
