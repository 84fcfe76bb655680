"""Reads of what is charged beside the booked price."""

from uuid import UUID

import msgspec

from marketplace.bookings.queries.reading import SCOPE
from marketplace.bookings.rules import ChargeRow
from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch
from marketplace.kit.errors import NotFound


async def charges(*, principal: Principal, booking_id: UUID) -> list[ChargeRow]:
    """List what was asked beside the price of one booking of the principal's, in order. Refuses: NotFound."""
    rows = await fetch(
        "SELECT b.id AS owner, c.id, c.booking_id, c.kind, c.number, c.status, c.first_on, c.end_on, c.lines, c.amount,"
        f" c.currency, c.due_at, c.settled_at FROM bookings b LEFT JOIN booking_charges c ON c.booking_id = b.id"
        f" WHERE {SCOPE} AND b.id = $4 ORDER BY c.id",
        principal.kind,
        principal.id,
        principal.institution_id,
        booking_id,
    )
    if not rows:
        raise NotFound
    found = [dict(row) for row in rows if row["id"] is not None]
    return [msgspec.convert({**row, "lines": msgspec.json.decode(row["lines"])}, ChargeRow) for row in found]
