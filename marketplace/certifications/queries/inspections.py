"""Reads of inspections: officers see a draw at once, the public once its inspections are over."""

from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.queries import within
from marketplace.certifications.rules.inspecting import DrawInputs, Drawn, Outcome, PublishedDraw
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import wire


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """A draw: promised, then carried out, then (when ``is_over``) open to anyone."""

    id: UUID
    period: str
    method: str
    commitment: str
    announced_at: datetime
    draws_on: date
    drawn_at: datetime | None
    inspect_by_on: date | None
    inputs_digest: str | None
    is_over: bool
    drawn_count: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """One institution that was drawn, its inspectors, and what they found."""

    id: UUID
    draw_id: UUID
    period: str
    certification_id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    position: int
    inspect_by_on: date
    first_inspector: UUID | None
    second_inspector: UUID | None
    outcome: Outcome | None
    summary: str | None
    inspected_on: date | None
    recorded_at: datetime | None
    escalated_to: Level | None = None


# A draw that everyone can see before the visits would warn who was drawn.
_OVER = """(d.drawn_at IS NOT NULL AND (d.inspect_by_on < $1
    OR NOT EXISTS (SELECT FROM inspections o WHERE o.draw_id = d.id AND o.outcome IS NULL)))"""
_DRAWS = f"""
SELECT d.id, d.period, d.method, d.commitment, d.announced_at, d.draws_on, d.drawn_at, d.inspect_by_on, d.inputs_digest,
       {_OVER} AS is_over, (SELECT count(*) FROM inspections n WHERE n.draw_id = d.id) AS drawn_count
  FROM inspection_draws d
"""
INSPECTIONS = """
SELECT n.id, n.draw_id, d.period, n.certification_id, n.institution_id, i.name AS institution_name, i.jurisdiction_code,
       n.position, d.inspect_by_on, n.first_inspector, n.second_inspector, n.outcome, n.summary, n.inspected_on,
       n.recorded_at, n.escalated_to
  FROM inspections n JOIN inspection_draws d ON d.id = n.draw_id JOIN institutions i ON i.id = n.institution_id
"""


async def list_draws(*, after: str | None = None, limit: int, now: datetime) -> list[Draw]:
    """Return up to ``limit + 1`` draws, the newest first."""
    rows = await fetch(
        f"{_DRAWS} WHERE ($2::text IS NULL OR d.period < $2) ORDER BY d.period DESC LIMIT $3",
        clock.local_date(now),
        after,
        limit + 1,
    )
    return [msgspec.convert(dict(row), Draw) for row in rows]


async def draw_in_full(
    *, draw_id: UUID, viewer: Principal | None, now: datetime
) -> tuple[Draw, DrawInputs | None, tuple[Drawn, ...]]:
    """Return a draw with what it rests on and what came of it; only provincial officers see those before it is over.

    Refuses: NotFound.
    """
    row = await fetch_one(f"{_DRAWS} WHERE d.id = $2", clock.local_date(now), draw_id)
    if row is None:
        raise NotFound
    found = msgspec.convert(dict(row), Draw)
    oversees = viewer is not None and viewer.kind == Kind.OFFICER and viewer.level == "province"
    if found.drawn_at is None or not (found.is_over or oversees):
        return found, None, ()
    inputs = msgspec.json.decode(
        await fetch_value("SELECT inputs FROM inspection_draws WHERE id = $1", draw_id), type=DrawInputs
    )
    return found, inputs, await _drawn(draw_id)


async def published_draw(*, draw_id: UUID) -> PublishedDraw:
    """Return all that a draw consists of, over or not, for whoever has the database to verify it. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT period, commitment, inputs_digest, inputs FROM inspection_draws WHERE id = $1", draw_id
    )
    if row is None:
        raise NotFound
    return PublishedDraw(
        period=row["period"],
        commitment=row["commitment"],
        inputs_digest=row["inputs_digest"],
        inputs=msgspec.json.decode(row["inputs"], type=DrawInputs) if row["inputs"] else None,
        drawn=await _drawn(draw_id),
    )


async def drawn_ids() -> list[UUID]:
    """Return the draws that have been carried out, the oldest first."""
    return [
        row["id"] for row in await fetch("SELECT id FROM inspection_draws WHERE drawn_at IS NOT NULL ORDER BY period")
    ]


async def _drawn(draw_id: UUID) -> tuple[Drawn, ...]:
    rows = await fetch(
        "SELECT institution_id, first_inspector, second_inspector FROM inspections WHERE draw_id = $1 ORDER BY position",
        draw_id,
    )
    return tuple(
        Drawn(
            institution=wire("ins", row["institution_id"]),
            inspectors=tuple(wire("stf", who) for who in (row["first_inspector"], row["second_inspector"]) if who),
        )
        for row in rows
    )


async def inspection(inspection_id: UUID) -> Inspection:
    """Return an inspection, whosever it is. Refuses: NotFound."""
    row = await fetch_one(f"{INSPECTIONS} WHERE n.id = $1", inspection_id)
    if row is None:
        raise NotFound
    return as_inspection(row)


async def list_inspections(  # noqa: PLR0913 - a list is asked for by these.
    *,
    viewer: Principal | None,
    institution_id: UUID | None = None,
    draw_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
    now: datetime,
) -> list[Inspection]:
    """Return up to ``limit + 1`` inspections, the newest first: to anyone those with a result or of a draw that is over.

    Officers see those of their jurisdiction from the draw on.
    """
    own = await within(viewer) if viewer is not None else []
    rows = await fetch(
        f"{INSPECTIONS} WHERE (n.outcome IS NOT NULL OR {_OVER} OR i.jurisdiction_code = ANY($2))"
        " AND ($3::uuid IS NULL OR n.institution_id = $3) AND ($4::uuid IS NULL OR n.draw_id = $4)"
        " AND ($5::uuid IS NULL OR n.id < $5) ORDER BY n.id DESC LIMIT $6",
        clock.local_date(now),
        own,
        institution_id,
        draw_id,
        after,
        limit + 1,
    )
    return [as_inspection(row) for row in rows]


def as_inspection(row: asyncpg.Record) -> Inspection:
    """Make an inspection of a row of ``INSPECTIONS``."""
    return msgspec.convert(dict(row), Inspection)
