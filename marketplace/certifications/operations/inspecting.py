"""双随机一公开: a seed promised, then the draw, then the results, each public in its time."""

import os
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import AlreadyInspected, ConflictOfInterest, NotDrawn
from marketplace.certifications.events import InspectionDrawn, InspectionPublished, InspectionsDrawn
from marketplace.certifications.operations.recording import check_competence
from marketplace.certifications.queries.inspections import INSPECTIONS, Inspection, as_inspection, inspection
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules.inspecting import (
    METHOD,
    Candidate,
    Conflict,
    DrawInputs,
    Inspector,
    Outcome,
    commitment_of,
    digest_of,
    draw,
    draw_count,
    period_of,
    sorted_inputs,
)
from marketplace.certifications.states import STANDING
from marketplace.identity.queries import officer_posts
from marketplace.identity.rules import Action, Principal
from marketplace.institutions.queries import get as institution
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id, parse, wire
from marketplace.kit.outbox import publish
from marketplace.places.queries import jurisdiction_chains


async def draw_inspections(*, now: datetime) -> int:
    """Promise this quarter's draw if nobody has yet, and carry out every draw whose day has come; returns the latter.

    Publishes: inspections.drawn, and inspection.drawn for each institution.
    """
    await _announce(now=now)
    due = await fetch(
        "SELECT id FROM inspection_draws WHERE drawn_at IS NULL AND draws_on <= $1 ORDER BY period",
        clock.local_date(now),
    )
    return len([row["id"] for row in due if await _carry_out(row["id"], now=now)])


async def _announce(*, now: datetime) -> None:
    """Choose the seed and publish its hash, before anybody can know the lists on which it will be used."""
    today = clock.local_date(now)
    draw_id, seed = new_id(), os.urandom(32).hex()
    async with transaction():
        announced = await fetch_value(
            "INSERT INTO inspection_draws (id, period, method, commitment, sealed_seed, announced_at, draws_on)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (period) DO NOTHING RETURNING id",
            draw_id,
            period_of(today),
            METHOD,
            commitment_of(seed),
            vault().seal(seed, table="inspection_draws", column="sealed_seed", row=draw_id),
            now,
            today + timedelta(days=(await policy_on(today)).draw_notice_days),
        )
        if announced is not None:
            await audit.record(
                "inspections.announced", actor=SYSTEM, subject=draw_id, now=now, after=commitment_of(seed)
            )


async def _carry_out(draw_id: UUID, *, now: datetime) -> bool:
    today = clock.local_date(now)
    async with transaction():
        row = await fetch_one(
            "SELECT period, sealed_seed, drawn_at FROM inspection_draws WHERE id = $1 FOR UPDATE", draw_id
        )
        if row is None or row["drawn_at"] is not None:
            return False
        seed = str(vault().open(row["sealed_seed"], table="inspection_draws", column="sealed_seed", row=draw_id))
        inputs = await _inputs(row["period"], seed=seed, today=today)
        await execute(
            "UPDATE inspection_draws SET seed = $2, inputs = $3, inputs_digest = $4, inspect_by_on = $5, drawn_at = $6"
            " WHERE id = $1",
            draw_id,
            seed,
            msgspec.json.encode(inputs).decode(),
            digest_of(inputs),
            today + timedelta(days=(await policy_on(today)).inspection_days),
            now,
        )
        await _write_down(draw_id, inputs, now=now)
        await audit.record("inspections.drawn", actor=SYSTEM, subject=draw_id, now=now, after=inputs)
        await publish(InspectionsDrawn(draw_id=draw_id), now=now)
    return True


async def _inputs(period: str, *, seed: str, today: date) -> DrawInputs:
    """Take the lists: every institution whose certificate stands and that was not drawn this year, and every officer."""
    chains = await jurisdiction_chains()
    standing = await fetch(
        "SELECT c.institution_id, i.jurisdiction_code, EXISTS (SELECT FROM inspections n"
        "   JOIN inspection_draws d ON d.id = n.draw_id WHERE n.institution_id = c.institution_id"
        "   AND left(d.period, 4) = left($2, 4)) AS was_drawn"
        "  FROM certifications c JOIN institutions i ON i.id = c.institution_id WHERE c.is_current AND c.status = ANY($1)",
        sorted(STANDING),
        period,
    )
    candidates = [row for row in standing if not row["was_drawn"]]
    drawn: int = await fetch_value(
        "SELECT count(*) FROM inspections n JOIN inspection_draws d ON d.id = n.draw_id WHERE left(d.period, 4) = left($1, 4)",
        period,
    )
    conflicts = await fetch("SELECT officer_id, institution_id FROM inspection_conflicts")
    return sorted_inputs(
        period=period,
        seed=seed,
        count=draw_count(
            period,
            standing=len(standing),
            drawn=drawn,
            candidates=len(candidates),
            share_bps=(await policy_on(today)).inspection_share_bps,
        ),
        institutions=[
            Candidate(id=wire("ins", row["institution_id"]), jurisdictions=chains[row["jurisdiction_code"]])
            for row in candidates
        ],
        inspectors=[Inspector(id=wire("stf", who), jurisdiction=where) for who, where in await officer_posts()],
        conflicts=[
            Conflict(inspector=wire("stf", row["officer_id"]), institution=wire("ins", row["institution_id"]))
            for row in conflicts
        ],
    )


async def _write_down(draw_id: UUID, inputs: DrawInputs, *, now: datetime) -> None:
    for position, drawn in enumerate(draw(inputs), start=1):
        inspection_id, institution_id = new_id(), parse("ins", drawn.institution)
        first, second, *_ = (*(parse("stf", who) for who in drawn.inspectors), None, None)
        await execute(
            "INSERT INTO inspections (id, draw_id, certification_id, institution_id, position, first_inspector,"
            " second_inspector) SELECT $1, $2, c.id, $3, $4, $5, $6 FROM certifications c"
            " WHERE c.institution_id = $3 AND c.is_current",
            inspection_id,
            draw_id,
            institution_id,
            position,
            first,
            second,
        )
        await publish(InspectionDrawn(inspection_id=inspection_id), now=now)


async def record_inspection(  # noqa: PLR0913 - a result has these facts, and each is named at the call.
    *, inspection_id: UUID, outcome: Outcome, summary: str, inspected_on: date, actor: Principal, now: datetime
) -> Inspection:
    """Publish what a drawn inspector found.

    Refuses: NotFound, NotDrawn, ConflictOfInterest, AlreadyInspected, Invalid. Publishes: inspection.published.
    """
    found = await inspection(inspection_id)
    await check_competence(actor, Action.OVERSEE, jurisdiction_code=found.jurisdiction_code)
    async with transaction():
        row = await fetch_one(f"{INSPECTIONS} WHERE n.id = $1 FOR UPDATE OF n", inspection_id)
        if row is None:
            raise NotFound
        before = as_inspection(row)
        if before.outcome is not None:
            raise AlreadyInspected
        if actor.id not in {before.first_inspector, before.second_inspector}:
            raise NotDrawn
        await check_no_conflict(actor, institution_id=before.institution_id)
        drawn_at: datetime = await fetch_value("SELECT drawn_at FROM inspection_draws WHERE id = $1", before.draw_id)
        if not clock.local_date(drawn_at) <= inspected_on <= clock.local_date(now):
            raise invalid("inspected_on", zh="须在抽取之后、今天之前", en="Must lie between the draw and today.")
        after = msgspec.structs.replace(
            before, outcome=outcome, summary=summary, inspected_on=inspected_on, recorded_at=now
        )
        await execute(
            "UPDATE inspections SET outcome = $2, summary = $3, inspected_on = $4, recorded_by = $5, recorded_at = $6"
            " WHERE id = $1",
            before.id,
            outcome,
            summary,
            inspected_on,
            actor.id,
            now,
        )
        news = InspectionPublished(inspection_id=before.id, institution_id=before.institution_id)
        await audit.record(news.kind, actor=actor, subject=before.id, now=now, why=summary, before=before, after=after)
        await publish(news, now=now)
    return after


async def declare_conflict(*, institution_id: UUID, reason: str, actor: Principal, now: datetime) -> UUID:
    """Declare, as an officer, that one must not assess or inspect an institution; saying it again changes nothing.

    Refuses: NotFound.
    """
    found = await institution(institution_id)
    await check_competence(actor, Action.OVERSEE, jurisdiction_code=found.jurisdiction_code)
    async with transaction():
        conflict_id: UUID | None = await fetch_value(
            "INSERT INTO inspection_conflicts (id, officer_id, institution_id, reason, declared_by, declared_at)"
            " VALUES ($1, $2, $3, $4, $2, $5) ON CONFLICT (institution_id, officer_id) DO NOTHING RETURNING id",
            new_id(),
            actor.id,
            institution_id,
            reason,
            now,
        )
        if conflict_id is not None:
            await audit.record("inspections.conflict_declared", actor=actor, subject=conflict_id, now=now, why=reason)
            return conflict_id
        known: UUID = await fetch_value(
            "SELECT id FROM inspection_conflicts WHERE institution_id = $1 AND officer_id = $2",
            institution_id,
            actor.id,
        )
    return known


async def check_no_conflict(actor: Principal, *, institution_id: UUID) -> None:
    """Check that an officer has declared no conflict of interest with an institution. Refuses: ConflictOfInterest."""
    require_transaction()
    if await fetch_value(
        "SELECT EXISTS (SELECT FROM inspection_conflicts WHERE institution_id = $1 AND officer_id = $2)",
        institution_id,
        actor.id,
    ):
        raise ConflictOfInterest
