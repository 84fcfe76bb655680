"""What an institution does: apply, show its evidence, submit, correct, renew, take back."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import AlreadyCertified, ApplicationPending, PeriodOver
from marketplace.certifications.operations import timing, visiting
from marketplace.certifications.operations.filing import file, lock_own
from marketplace.certifications.queries import CERTIFICATIONS, as_certification
from marketplace.certifications.queries.applying import evidence
from marketplace.certifications.queries.timing import latest, timetable
from marketplace.certifications.rules import Certification, Clock
from marketplace.certifications.rules.applying import (
    Application,
    ApplicationKind,
    Exhibit,
    check_evidence,
    check_lockout,
    check_renewal_window,
)
from marketplace.certifications.states import CERTIFICATION, ENDED, PENDING, Event, Status
from marketplace.identity.rules import Principal
from marketplace.institutions.queries import get as institution
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.ids import new_id, wire

_EDITABLE = frozenset({Status.DRAFT, Status.CORRECTION_REQUESTED})


async def open_application(*, kind: ApplicationKind, actor: Principal, now: datetime) -> Application:
    """Open a draft for the caller's institution; a renewal is of its certification that stands.

    Refuses: NotFound, AlreadyCertified, ApplicationPending, LockedOut, RenewalWindowClosed, IllegalTransition.
    """
    if actor.institution_id is None:
        raise NotFound
    async with transaction():
        found = await institution(actor.institution_id)
        current = await _current(found.id)
        await _check_may_apply(kind, current, institution_id=found.id, now=now)
        draft = Application(
            id=new_id(),
            institution_id=found.id,
            institution_name=found.name,
            jurisdiction_code=found.jurisdiction_code,
            kind=kind,
            certification_id=current.id if current and kind is ApplicationKind.RENEWAL else None,
            status=Status.DRAFT,
            opened_at=now,
        )
        await _insert(draft)
        await audit.record("application.opened", actor=actor, subject=draft.id, now=now, after=draft)
    return draft


async def _current(institution_id: UUID) -> Certification | None:
    row = await fetch_one(f"{CERTIFICATIONS} WHERE c.institution_id = $1 AND c.is_current", institution_id)
    return as_certification(row) if row else None


async def _check_may_apply(
    kind: ApplicationKind, current: Certification | None, *, institution_id: UUID, now: datetime
) -> None:
    today = clock.local_date(now)
    if kind is ApplicationKind.RENEWAL:
        if current is None or current.status in ENDED:
            raise NotFound
        CERTIFICATION.target(current.status, Event.RENEW)
        check_renewal_window(current.valid_until_on, timetable=await timetable(), today=today)
        return
    if current is not None and current.status not in ENDED:
        raise AlreadyCertified(certification_id=wire("crt", current.id))
    check_lockout(await locked_until(institution_id), today=today)


async def locked_until(institution_id: UUID) -> date | None:
    """Return the last day on which a refusal or a revocation still keeps the institution from applying."""
    row = await fetch_one(
        "SELECT greatest((SELECT max(locked_until_on) FROM certification_applications WHERE institution_id = $1),"
        " (SELECT max(locked_until_on) FROM certifications WHERE institution_id = $1)) AS until",
        institution_id,
    )
    return row["until"] if row else None


async def _insert(draft: Application) -> None:
    inserted = await fetch_value(
        "INSERT INTO certification_applications (id, institution_id, kind, certification_id, status, corrected, extended,"
        " version, opened_at) VALUES ($1, $2, $3, $4, $5, false, false, 1, $6)"
        " ON CONFLICT (institution_id) WHERE status NOT IN ('lapsed', 'rejected', 'certified', 'withdrawn')"
        " DO NOTHING RETURNING id",
        draft.id,
        draft.institution_id,
        draft.kind,
        draft.certification_id,
        draft.status,
        draft.opened_at,
    )
    if inserted is None:
        pending: UUID = await fetch_value(
            "SELECT id FROM certification_applications WHERE institution_id = $1"
            " AND status NOT IN ('lapsed', 'rejected', 'certified', 'withdrawn')",
            draft.institution_id,
        )
        raise ApplicationPending(application_id=wire("app", pending))


async def add_evidence(
    *, application_id: UUID, pieces: Sequence[Exhibit], actor: Principal, now: datetime
) -> Application:
    """Put documents on file, each in place of one of its kind; only a draft or a correction can be changed.

    Refuses: NotFound, IllegalTransition.
    """
    async with transaction():
        found = await lock_own(application_id, actor=actor)
        if found.status not in _EDITABLE:
            raise IllegalTransition(current=found.status.value, event="add_evidence")
        await execute(
            "INSERT INTO certification_evidence (id, application_id, kind, reference, issued_by, valid_until_on, added_at)"
            " SELECT id, $1, kind, reference, issued_by, valid_until_on, $2 FROM unnest($3::uuid[], $4::text[], $5::text[],"
            " $6::text[], $7::date[]) AS given (id, kind, reference, issued_by, valid_until_on)"
            " ON CONFLICT (application_id, kind) DO UPDATE SET reference = excluded.reference,"
            " issued_by = excluded.issued_by, valid_until_on = excluded.valid_until_on, added_at = excluded.added_at",
            found.id,
            now,
            [new_id() for _ in pieces],
            [piece.kind for piece in pieces],
            [piece.reference for piece in pieces],
            [piece.issued_by for piece in pieces],
            [piece.valid_until_on for piece in pieces],
        )
        await audit.record("application.evidence_added", actor=actor, subject=found.id, now=now, after=list(pieces))
    return found


async def submit(*, application_id: UUID, actor: Principal, now: datetime) -> Application:
    """Submit a draft, or what a completeness notice asked for; then the authority's clock runs.

    Refuses: NotFound, IllegalTransition, EvidenceMissing, EvidenceExpired, RenewalWindowClosed, PeriodOver.
    """
    async with transaction():
        before = await lock_own(application_id, actor=actor)
        event = Event.APPLY_FOR_RENEWAL if before.kind is ApplicationKind.RENEWAL else Event.SUBMIT
        status = CERTIFICATION.target(before.status, event)
        check_evidence(await evidence(before.id), kind=before.kind, today=clock.local_date(now))
        if before.status is Status.CORRECTION_REQUESTED:
            await _check_in_time(before, now=now)
        await timing.stop(before.id, now=now)
        after = msgspec.structs.replace(before, status=status, submitted_at=before.submitted_at or now)
        if before.kind is ApplicationKind.RENEWAL:
            await _begin_renewal_review(before, now=now)
        else:
            await timing.start(Clock.COMPLETENESS, subject_id=before.id, now=now)
        return await file(after, event=event, actor=actor, now=now)


async def _check_in_time(found: Application, *, now: datetime) -> None:
    deadline = await latest(found.id, Clock.CORRECTION)
    if deadline is not None and deadline.due_at <= now:
        raise PeriodOver(until=deadline.due_on)


async def _begin_renewal_review(found: Application, *, now: datetime) -> None:
    """Start the review, which ends before the certificate does (许可法 50)."""
    current = await _current(found.institution_id)
    if current is None or current.id != found.certification_id:
        raise NotFound
    CERTIFICATION.target(current.status, Event.RENEW)
    table = await timetable()
    check_renewal_window(current.valid_until_on, timetable=table, today=clock.local_date(now))
    by_policy = table.deadline(Clock.RENEWAL_REVIEW, start=now).due_on
    due_on = min(by_policy, current.valid_until_on)
    await timing.start(Clock.RENEWAL_REVIEW, subject_id=found.id, now=now, due_on=due_on)


async def take_back(*, application_id: UUID, actor: Principal, now: datetime) -> Application:
    """Take an application back before it is decided. Refuses: NotFound, IllegalTransition."""
    async with transaction():
        before = await lock_own(application_id, actor=actor)
        status = CERTIFICATION.target(before.status, Event.WITHDRAW) if before.status in PENDING else None
        if status is None:
            raise IllegalTransition(current=before.status.value, event=Event.WITHDRAW.value)
        await timing.cancel(before.id, now=now)
        await visiting.cancel_visit(before.id)
        after = msgspec.structs.replace(before, status=status, decided_at=now)
        return await file(after, event=Event.WITHDRAW, actor=actor, now=now)
