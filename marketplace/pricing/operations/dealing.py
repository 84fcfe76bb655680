"""Remembering what was really paid, so that a struck-through price can be proved."""

from datetime import datetime
from uuid import UUID

from marketplace.kit.db import execute, require_transaction
from marketplace.pricing.rules import ROOM


async def record_deal(*, booking_id: UUID, now: datetime) -> None:
    """Remember what a unit was sold for a night when its booking was confirmed; a tour is no such deal, a repeat nothing.

    Rounded down: a price shown as a former one may be lower than it was, never higher (明码标价和禁止价格欺诈规定 20).
    """
    require_transaction()
    await execute(
        "INSERT INTO deals (quote_id, institution_id, room_type_id, night_amount, dealt_at)"
        " SELECT q.id, q.institution_id, q.room_type_id,"
        "        sum((line ->> 'amount')::bigint)::bigint / ((q.check_out - q.check_in) * q.unit_count), $2"
        "   FROM quotes q, jsonb_array_elements(q.lines) AS line"
        "  WHERE q.used_by_booking_id = $1 AND q.kind = 'stay' AND line ->> 'code' = ANY ($3)"
        "  GROUP BY q.id ON CONFLICT DO NOTHING",
        booking_id,
        now,
        sorted(ROOM),
    )
