"""Reads of the public register, for anyone: records, history, and what changed, in commit order without gaps."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.queries import STANDING_COLUMNS, STATUS_SINCE
from marketplace.certifications.states import ENDED, STANDING, Status
from marketplace.kit.db import fetch, fetch_one, stream
from marketplace.kit.errors import NotFound
from marketplace.places.queries import jurisdictions_within
from marketplace.register.rules import BEGINNING, Change, Decided, Position, Record

# Sorted, so that every list is the same text to the database.
_PUBLIC = sorted(STANDING | ENDED)
_RECORD = f"""
       i.id AS institution_id, i.name, i.name_en, i.uscc, i.address, i.place_code, p.name_zh AS place_name,
       p.division_code, i.jurisdiction_code, j.name_zh AS jurisdiction_name, i.latitude, i.longitude, i.datum,
       i.licensed_bed_count, i.phone, i.opened_on, i.is_example, coalesce(l.services, '{{}}') AS services,
       ARRAY(SELECT pc.cluster_code FROM place_clusters pc WHERE pc.place_code = p.code ORDER BY 1) AS clusters,
       {STANDING_COLUMNS}, c.assessment_due_on, c.granted_at, coalesce(h.since, c.granted_at) AS status_since,
       coalesce(h.reason, '') AS status_reason, coalesce(n.rectification_count, 0) AS rectification_count,
       coalesce(n.suspension_count, 0) AS suspension_count
"""
_FROM = f"""
  FROM certifications c
  JOIN institutions i ON i.id = c.institution_id
  JOIN places p ON p.code = i.place_code
  JOIN jurisdictions j ON j.code = i.jurisdiction_code
  LEFT JOIN listings l ON l.institution_id = i.id
  {STATUS_SINCE}
  LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE event = 'order_rectification') AS rectification_count,
                            count(*) FILTER (WHERE event = 'suspend') AS suspension_count
                       FROM certification_history g JOIN certifications o ON o.id = g.certification_id
                      WHERE o.institution_id = i.id) n ON true
"""
_HISTORY = """
SELECT g.id, o.number, g.event, g.status, g.grade, g.reason, g.decided_level, g.decided_at, r.published_at
  FROM certification_history g
  JOIN certifications o ON o.id = g.certification_id
  JOIN register_changes r ON r.institution_id = o.institution_id AND r.transaction_id = g.transaction_id
"""
# Whoever is to see the whole register sees also those whose certificate has ended.
_STANDING = "c.is_current AND c.status = ANY($1) AND ($2 OR c.valid_until_on >= $3)"


async def record(institution_id: UUID) -> Record:
    """Return an institution's record, whether or not its certificate has ended. Refuses: NotFound."""
    row = await fetch_one(
        f"SELECT {_RECORD} {_FROM} WHERE i.id = $1 AND c.is_current AND c.status = ANY($2)", institution_id, _PUBLIC
    )
    if row is None:
        raise NotFound
    return _record(row)


async def records(  # noqa: PLR0913 - each is a condition of its own.
    *,
    ended: bool,
    status: Status | None,
    jurisdiction: str | None,
    after: UUID | None,
    limit: int,
    today: date,
) -> list[Record]:
    """Return up to ``limit + 1`` full records, the oldest institution first; only of those that stand, unless ``ended``.

    ``jurisdiction`` takes in every authority below it.
    """
    rows = await fetch(
        f"SELECT {_RECORD} {_FROM} WHERE {_STANDING} AND ($4::text[] IS NULL OR i.jurisdiction_code = ANY($4))"
        " AND ($5::uuid IS NULL OR i.id > $5) ORDER BY i.id LIMIT $6",
        _statuses(ended=ended, status=status),
        ended,
        today,
        await jurisdictions_within(jurisdiction) if jurisdiction else None,
        after,
        limit + 1,
    )
    return [_record(row) for row in rows]


async def every_record(*, ended: bool, today: date) -> AsyncIterator[Record]:
    """Give every record one by one, of one instant, without ever holding them all."""
    rows = stream(
        f"SELECT {_RECORD} {_FROM} WHERE {_STANDING} ORDER BY i.id",
        _statuses(ended=ended, status=None),
        ended,
        today,
    )
    async for row in rows:
        yield _record(row)


async def history(*, institution_id: UUID, after: UUID | None, limit: int) -> list[Decided]:
    """Return up to ``limit + 1`` entries of an institution's history, oldest first. Refuses: NotFound."""
    rows = await fetch(
        f"{_HISTORY} WHERE o.institution_id = $1 AND g.status = ANY($2) AND ($3::uuid IS NULL OR g.id > $3)"
        " ORDER BY g.id LIMIT $4",
        institution_id,
        _PUBLIC,
        after,
        limit + 1,
    )
    if not rows:
        await record(institution_id)
    return [msgspec.convert(dict(row), Decided) for row in rows]


_CHANGES = f"""
SELECT ch.transaction_id::text::bigint AS transaction_id, ch.published_at,
       (SELECT coalesce(json_agg(d ORDER BY d.id), '[]')
          FROM ({_HISTORY} WHERE o.institution_id = ch.institution_id AND g.transaction_id = ch.transaction_id
                             AND g.status = ANY($4)) d) AS decided, {_RECORD}
  {_FROM}
  JOIN register_changes ch ON ch.institution_id = i.id
 WHERE c.is_current AND c.status = ANY($4)
   AND ch.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
   AND (ch.transaction_id, ch.institution_id) > ($1::bigint::text::xid8, $2::uuid)
 ORDER BY ch.transaction_id, ch.institution_id LIMIT $3
"""


async def changes(*, after: Position | None, limit: int) -> list[Change]:
    """Return up to ``limit + 1`` changes in commit order without gaps.

    A change appears when every transaction that began before it has ended, so nothing ever comes before what was read.
    """
    transaction_id, institution_id = after or BEGINNING
    rows = await fetch(_CHANGES, transaction_id, institution_id, limit + 1, _PUBLIC)
    return [
        Change(
            position=(row["transaction_id"], row["institution_id"]),
            published_at=row["published_at"],
            decided=msgspec.json.decode(row["decided"], type=tuple[Decided, ...]),
            record=_record(row),
        )
        for row in rows
    ]


async def position_now() -> Position:
    """Return the place in the feed from which on to read whatever a snapshot taken after this may lack."""
    row = await fetch_one(
        "SELECT transaction_id::text::bigint AS transaction_id, institution_id FROM register_changes"
        " WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY register_changes.transaction_id DESC, institution_id DESC LIMIT 1"
    )
    return (row["transaction_id"], row["institution_id"]) if row else BEGINNING


def _statuses(*, ended: bool, status: Status | None) -> list[Status]:
    found = STANDING | ENDED if ended else STANDING
    return sorted(found & {status} if status else found)


def _record(row: asyncpg.Record) -> Record:
    facts: dict[str, Any] = {name: row[name] for name in Record.__struct_fields__}
    return msgspec.convert(facts, Record)
