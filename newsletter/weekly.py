"""One week's issue, step by step: draft, ready, frozen, sent, done.

`tick` takes every step that is due, once a minute. Each step is a conditional update or one
transaction under the issue's row lock, so that two ticks, or one that was killed, do no harm.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging

from django.conf import settings
from django.db import connection, transaction

from newsletter.digest import Digest
from newsletter.editions import NothingToSayError, UnmailableError, digest_of, render_editions
from newsletter.leases import slots_in_use
from newsletter.models import (
    Delivery,
    Issue,
    QuietWeek,
    Subscriber,
    Switch,
    WrongStateError,
)
from newsletter.models.issues import LATEST_AFTER
from newsletter.notices import tell_staff
from newsletter.slots import last_slot_week, slot_day, slot_of, week_at
from newsletter.watch import LATE, MOVED, finish, hold, look_after, recover_leases

logger = logging.getLogger(__name__)


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
