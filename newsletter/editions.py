"""What an issue says, and the mails that are made of it: one for each set of topics in use."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db import connection

from newsletter.digest import Digest
from newsletter.messages import MailTooLargeError, RenderedMail, render_issue
from newsletter.models import Edition, Issue, Subscriber
from newsletter.moulds import MouldError
from newsletter.news import digest_for
from newsletter.slots import slot_day, slot_of, week_at


class NothingToSayError(Exception):
    """Nothing was published and no answer changed: there is no issue."""


class UnmailableError(Exception):
    """No mail can be made of what an issue says; the message says why."""


def digest_of(issue: Issue, *, now: dt.datetime) -> Digest:
    """What the issue says: as it was made, or as it would be made at `now`.

    Raises NothingToSayError.
    """
    if issue.contents:
        return Digest.of_json(issue.contents)
    before = Issue.objects.before(issue.week_of)
    digest = digest_for(
        dated_on=issue.slot_on,
        since=before.made_at if before else None,
        before=before.answers if before else {},
        now=now,
    )
    if digest is None:
        raise NothingToSayError
    return digest.arranged(keys=issue.item_order, intro=issue.intro)


def rendered(issue: Issue, digest: Digest) -> RenderedMail:
    """The mail, whose bytes depend on nothing but the issue and its digest.

    Raises UnmailableError.
    """
    try:
        mail = render_issue(digest.shortened, issue_id=issue.pk, dated_at=issue.send_at)
        # Cutting it once proves that every mark is whole, before anybody is sent anything.
        assert mail.mould
    except (MailTooLargeError, MouldError) as problem:
        raise UnmailableError(f"No mail can be made of it: {problem}.") from problem
    return mail


def sample_mail(*, now: dt.datetime) -> RenderedMail | None:
    """The next issue's mail, or one of all that is published; None if nothing is.

    Raises UnmailableError.
    """
    monday = week_at(now)
    issue = Issue.objects.of_week(monday) or Issue(
        pk=0, week_of=monday, slot_on=slot_day(monday), send_at=slot_of(monday)
    )
    try:
        return rendered(issue, digest_of(issue, now=now))
    except NothingToSayError:
        ever = dt.datetime.min.replace(tzinfo=dt.UTC)
        digest = digest_for(dated_on=issue.slot_on, since=ever, before={}, now=now)
        return rendered(issue, digest) if digest else None


def audience_of(digest: Digest) -> int:
    """How many readers the issue would have."""
    return Subscriber.objects.confirmed().interested_in(sorted(digest.topics)).count()


def render_editions(issue: Issue, digest: Digest) -> None:
    """Render the editions that readers need and that are not there yet."""
    known = {tuple(topics) for topics in issue.editions.values_list("topics", flat=True)}
    for topics in [(), *topic_sets(digest.topics)]:
        part = digest.for_topics(topics)
        if topics not in known and part:
            mail = rendered(issue, part)
            Edition.objects.create(
                issue=issue,
                topics=list(topics),
                subject=mail.subject,
                preheader=mail.preheader,
                html=mail.html,
                text=mail.text,
                message=mail.mime,
                sha256=hashlib.sha256(mail.mime).digest(),
            )


def topic_sets(topics: Iterable[int]) -> list[tuple[int, ...]]:
    """What confirmed readers with topics of their own chose of these; each set once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct array("
            " select topic from unnest(topics) topic where topic = any(%(topics)s) order by 1)"
            " from newsletter_subscriber"
            " where state = 'confirmed' and topics && %(topics)s::bigint[]",
            {"topics": sorted(topics)},
        )
        return sorted(tuple(row[0]) for row in cursor.fetchall())
