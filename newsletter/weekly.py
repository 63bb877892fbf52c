"""One week's issue, step by step: draft, ready, frozen, sent, done.

`tick` takes every step that is due, once a minute. Each step is a conditional update or one
transaction under the issue's row lock, so that two ticks, or one that was killed, do no harm.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction

from newsletter.digest import Digest
from newsletter.leases import slots_in_use
from newsletter.messages import MailTooLargeError, RenderedMail, render_issue
from newsletter.models import (
    Delivery,
    Edition,
    Issue,
    QuietWeek,
    Subscriber,
    Switch,
    WrongStateError,
)
from newsletter.models.issues import LATEST_AFTER
from newsletter.moulds import MouldError
from newsletter.news import digest_for
from newsletter.notices import tell_staff
from newsletter.slots import last_slot_week, slot_day, slot_of, week_at
from newsletter.watch import LATE, MOVED, finish, hold, look_after, recover_leases

logger = logging.getLogger(__name__)


class NothingToSayError(Exception):
    """Nothing was published and no answer changed: there is no issue."""


class UnmailableError(Exception):
    """No mail can be made of what an issue says; the message says why."""


def tick(*, now: dt.datetime) -> list[int]:
    """Take every step that is due; the issues for which slices are wanted, once per slice."""
    open_week(now=now)
    for issue in Issue.objects.due(now=now):
        begin(issue, now=now)
    recover_leases(now=now)
    for issue in Issue.objects.sending():
        # Somebody may pause it meanwhile, which is as good.
        with contextlib.suppress(WrongStateError):
            look_after(issue, now=now)
    finish(now=now)
    return wanted_slices(now=now)


def open_week(*, now: dt.datetime) -> None:
    """Make the draft of a week that begins, for the desk, and of the latest slot at least.

    A slot before the installation gets none.
    """
    installed_at = Switch.load(now=now).installed_at
    for monday in sorted({last_slot_week(now), week_at(now)}):
        is_quiet = QuietWeek.objects.filter(pk=monday).exists()
        if slot_of(monday) >= installed_at and not is_quiet:
            draft_of(monday)


def draft_of(monday: dt.date) -> Issue:
    """The week's issue; a new draft for its slot if there is none."""
    slot = slot_of(monday)
    issue, _ = Issue.objects.get_or_create(
        week_of=monday,
        defaults={
            "slot_on": slot_day(monday),
            "send_at": slot,
            "send_by": slot + LATEST_AFTER,
        },
    )
    return issue


def send_now(monday: dt.date, *, now: dt.datetime) -> Issue:
    """Bring the week's issue to its readers without waiting for its slot, late or not.

    Again, or where it is on its way or done, changes nothing. Raises NothingToSayError,
    UnmailableError, WrongStateError.
    """
    with transaction.atomic():
        issue = draft_of(monday)
        if issue.state == Issue.State.HELD:
            issue.resume(now=now)
        Issue.objects.filter(pk=issue.pk).update(
            # The mail's Date, so never in the future.
            send_at=min(issue.send_at, now),
            send_by=issue.latest_time(now=now),
        )
        make_ready(issue, now=now)
    if issue.state in {Issue.State.READY, Issue.State.FREEZING}:
        freeze(issue, now=now)
    issue.refresh_from_db()
    return issue


def begin(issue: Issue, *, now: dt.datetime) -> None:
    """Bring an issue whose hour has come to its readers, or hold it for a person."""
    try:
        if not Switch.load(now=now).is_at_home:
            hold(issue, reason=MOVED)
        elif issue.send_by <= now:
            hold(issue, reason=LATE)
        else:
            make_ready(issue, now=now)
            freeze(issue, now=now)
    except NothingToSayError:
        keep_quiet(issue, now=now)
    except UnmailableError as problem:
        hold(issue, reason=str(problem))
    except WrongStateError:
        logger.info("%s was moved on by somebody else.", issue)


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


@transaction.atomic
def make_ready(issue: Issue, *, now: dt.datetime) -> None:
    """Fix what the issue says, and render it for every choice of topics in use.

    A later call changes nothing. Raises NothingToSayError, UnmailableError.
    """
    issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())
    if issue.state != Issue.State.DRAFT:
        return
    digest = digest_of(issue, now=now)
    issue.contents, issue.answers = digest.as_json(), digest.answers
    issue.subject, issue.made_at = digest.subject, now
    issue.ambiguous_policy = settings.NEWSLETTER_AMBIGUOUS
    issue.state = Issue.State.READY
    issue.save()
    Subscriber.objects.forget_topics_that_are_gone()
    render_editions(issue, digest)


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


FREEZE = f"""
insert into newsletter_delivery
    (issue_id, subscriber_id, edition_id, state, attempts, reply)
select e.issue_id, s.id, e.id, {Delivery.State.PENDING}, 0, ''
from newsletter_subscriber s
join newsletter_edition e on e.issue_id = %(issue)s and e.topics = case
    when s.topics = '{{}}' then '{{}}'::bigint[]
    else array(select topic from unnest(s.topics) topic where topic = any(%(topics)s) order by 1)
    end
where s.state = 'confirmed' and (s.topics = '{{}}' or s.topics && %(topics)s::bigint[])
order by s.id
on conflict do nothing
"""


def freeze(issue: Issue, *, now: dt.datetime) -> None:
    """Write one pending delivery per reader, all or none, and begin to send."""
    if issue.state == Issue.State.READY:
        issue.move(Issue.State.FREEZING, out_of=[Issue.State.READY])
    with transaction.atomic():
        waiting = Issue.objects.select_for_update(skip_locked=True)
        if not waiting.filter(pk=issue.pk, state=Issue.State.FREEZING).exists():
            return
        digest = Digest.of_json(issue.contents)
        Subscriber.objects.forget_topics_that_are_gone()
        render_editions(issue, digest)
        with connection.cursor() as cursor:
            cursor.execute(FREEZE, {"issue": issue.pk, "topics": sorted(digest.topics)})
        issue.move(
            Issue.State.SENDING,
            out_of=[Issue.State.FREEZING],
            audience=issue.deliveries.count(),
            frozen_at=now,
        )
    with connection.cursor() as cursor:
        # The first claim must know that the table has grown.
        cursor.execute("analyze newsletter_delivery")


def keep_quiet(issue: Issue, *, now: dt.datetime) -> None:
    """An empty week has no issue; the staff are told, once."""
    issue.delete()
    _, is_new = QuietWeek.objects.get_or_create(pk=issue.week_of, defaults={"at": now})
    if is_new:
        tell_staff(
            f"No issue this week ({issue.slot_on:%-d %B %Y})",
            "Nothing was published since the last issue and no answer changed."
            " What is published later this week waits for the next one.",
        )


def wanted_slices(*, now: dt.datetime) -> list[int]:
    """An issue's id for each free connection, if it has mails that may be sent now."""
    free = settings.NEWSLETTER_CONNECTIONS - slots_in_use()
    if free <= 0 or Switch.load(now=now).stop:
        return []
    for issue in Issue.objects.sending():
        if issue.deliveries.claimable(now=now).exists():
            return [issue.pk] * free
    return []


def audience_of(digest: Digest) -> int:
    """How many readers the issue would have."""
    return Subscriber.objects.confirmed().interested_in(sorted(digest.topics)).count()
