"""What civil affairs does with an application, level by level: completeness, reviews, the visit, publicity, refusal."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import CorrectionSpent, ExtensionSpent, NotCertifiable
from marketplace.certifications.operations import timing, visiting
from marketplace.certifications.operations.filing import file, lock_for_review
from marketplace.certifications.operations.objecting import answer_objections
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.queries.timing import latest, timetable
from marketplace.certifications.rules import Clock, Policy
from marketplace.certifications.rules.applying import Application, Grounds
from marketplace.certifications.states import Event, Status
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.db import transaction

# The next authority's clock, by the state that begins it.
_NEXT = {
    Event.ACCEPT: Clock.COUNTY_REVIEW,
    Event.ENDORSE_AT_COUNTY: Clock.PREFECTURE_REVIEW,
    Event.ENDORSE_AT_PREFECTURE: Clock.ONSITE,
}


async def give_completeness_notice(
    *, application_id: UUID, defects: str, actor: Principal, now: datetime
) -> Application:
    """Tell the institution once, and in one list, everything that is missing (许可法 32, by analogy).

    Refuses: NotFound, Forbidden, IllegalTransition, CorrectionSpent.
    """
    async with transaction():
        after = await lock_for_review(application_id, Event.REQUEST_CORRECTION, actor=actor)
        if after.corrected:
            raise CorrectionSpent
        await timing.stop(after.id, now=now)
        await timing.start(Clock.CORRECTION, subject_id=after.id, now=now)
        noticed = msgspec.structs.replace(after, defects=defects, corrected=True)
        return await file(noticed, event=Event.REQUEST_CORRECTION, actor=actor, now=now, reason=defects)


async def advance(*, application_id: UUID, event: Event, reason: str, actor: Principal, now: datetime) -> Application:
    """Accept an application, or pass it on from the county or the prefecture; the next authority's clock starts.

    What the prefecture passes on is visited: its assessment is ordered.
    Refuses: NotFound, Forbidden, IllegalTransition. Publishes: assessment.ordered.
    """
    async with transaction():
        after = await lock_for_review(application_id, event, actor=actor)
        await timing.stop(after.id, now=now)
        period = await timing.start(_NEXT[event], subject_id=after.id, now=now)
        if after.status is Status.PREFECTURE_PASSED:
            await visiting.order_visit(after, due_on=period.due_on, actor=actor, now=now)
        return await file(after, event=event, actor=actor, now=now, reason=reason)


async def extend_decision(*, application_id: UUID, reason: str, actor: Principal, now: datetime) -> Application:
    """Extend the decision once, and tell the institution why (许可法 42, by analogy).

    Refuses: NotFound, Forbidden, IllegalTransition, ExtensionSpent.
    """
    async with transaction():
        after = await lock_for_review(application_id, Event.EXTEND_DECISION, actor=actor)
        first = await latest(after.id, Clock.DECISION)
        if after.extended or first is None:
            raise ExtensionSpent
        await timing.cancel(after.id, Clock.DECISION, now=now)
        await timing.start(Clock.DECISION_EXTENSION, subject_id=after.id, now=now, begins=first.last_instant)
        extended = msgspec.structs.replace(after, extended=True)
        return await file(extended, event=Event.EXTEND_DECISION, actor=actor, now=now, reason=reason)


async def publicise(*, application_id: UUID, reason: str, actor: Principal, now: datetime) -> Application:
    """Publish the intended certification with every point that it rests on, so that anyone may object (公示).

    Refuses: NotFound, Forbidden, IllegalTransition, PreviewRunning, CorrectionOpen, NotCertifiable.
    """
    async with transaction():
        after = await lock_for_review(application_id, Event.PUBLICISE, actor=actor)
        settled = await visiting.lock_settled(after, event=Event.PUBLICISE, now=now)
        check_certifiable(after, policy=await policy_on(clock.local_date(now)))
        await visiting.publish_visit(settled, actor=actor, now=now)
        await timing.stop(after.id, now=now)
        shown = await timing.start(Clock.PUBLICITY, subject_id=after.id, now=now)
        await timing.start(Clock.CERTIFICATE, subject_id=after.id, now=now, begins=shown.last_instant)
        publicised = msgspec.structs.replace(
            after,
            publicity_from_on=shown.started_on,
            publicity_until_on=shown.due_on,
            publicity_ends_at=shown.due_at,
        )
        return await file(publicised, event=Event.PUBLICISE, actor=actor, now=now, reason=reason)


async def dismiss_objections(*, application_id: UUID, answer: str, actor: Principal, now: datetime) -> Application:
    """Answer every open objection as unfounded; the publicity goes on until its day.

    Refuses: NotFound, Forbidden, IllegalTransition.
    """
    async with transaction():
        after = await lock_for_review(application_id, Event.DISMISS_OBJECTIONS, actor=actor)
        await answer_objections(after.id, outcome="dismissed", answer=answer, actor=actor, now=now)
        await timing.stop(after.id, Clock.OBJECTION_REVIEW, now=now)
        return await file(after, event=Event.DISMISS_OBJECTIONS, actor=actor, now=now, reason=answer)


async def reject(*, application_id: UUID, grounds: Grounds, actor: Principal, now: datetime) -> Application:
    """Refuse an application with facts, basis and rights (R04); a failed visit locks the institution out for a time.

    What rests on a visit waits for the preview, as every result does.
    Refuses: NotFound, Forbidden, IllegalTransition, PreviewRunning, CorrectionOpen.
    """
    async with transaction():
        after = await lock_for_review(application_id, Event.REJECT, actor=actor)
        await visiting.close_visit(after, now=now)
        await answer_objections(after.id, outcome="upheld", answer=grounds.facts, actor=actor, now=now)
        await timing.stop(after.id, now=now)
        today = clock.local_date(now)
        locked_until_on = None
        if after.score is not None and not is_certifiable(after, policy=await policy_on(today)):
            table = await timetable()
            locked_until_on = table.plain_end(Clock.LOCKOUT_FAILED, start=today)
        refused = msgspec.structs.replace(
            after,
            facts=grounds.facts,
            legal_basis=grounds.legal_basis,
            rights=grounds.rights,
            locked_until_on=locked_until_on,
            decided_at=now,
        )
        filed = await file(refused, event=Event.REJECT, actor=actor, now=now, reason=grounds.facts)
        # The institution may appeal from today: its rights are part of the refusal.
        await timing.start(Clock.APPEAL, subject_id=filed.id, now=now)
        return filed


def is_certifiable(found: Application, *, policy: Policy) -> bool:
    """Say whether the visit found what a certificate asks for."""
    return found.grade is not None and found.grade >= policy.certifiable_grade


def check_certifiable(found: Application, *, policy: Policy) -> None:
    """Check that the visit found what a certificate asks for. Refuses: NotCertifiable."""
    if not is_certifiable(found, policy=policy):
        raise NotCertifiable(score=found.score)
