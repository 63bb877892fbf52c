from hypothesis import given
from hypothesis import strategies as st

from newsletter.message_keys import delivery_of, mail_domain, message_key

ids = st.integers(min_value=1, max_value=2**63 - 1)


@given(issue_id=st.integers(min_value=1, max_value=10**17), subscriber_id=ids)
def test_a_message_id_leads_back_to_its_delivery(issue_id, subscriber_id):
    key = message_key(issue_id=issue_id, subscriber_id=subscriber_id)
    assert delivery_of(f"<{key}@{mail_domain()}>") == (issue_id, subscriber_id)


def test_the_key_is_stable_and_differs_by_issue_and_by_reader():
    keys = {message_key(issue_id=i, subscriber_id=s) for i in (1, 2) for s in (1, 2) for _ in "ab"}
    assert len(keys) == 4


def test_neighbours_do_not_show_their_ids():
    one, two = (message_key(issue_id=7, subscriber_id=n)[3:] for n in (1000, 1001))
    assert "3e8" not in one[:13]
    assert sum(a == b for a, b in zip(one, two, strict=True)) < 8


def test_what_is_not_ours_leads_nowhere():
    for message_id in ("", "<abc@mail.example>", "i1.0123456789abcdef@other.example", "i0.0@x"):
        assert delivery_of(message_id) is None
