"""Reads of pricing."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.pricing.rules import CancellationPolicy, CancellationStep, Discount, Leg, Line, Quote, QuoteKind

COLUMNS = (
    "id, kind, institution_id, room_type_id, departure_id, check_in, check_out, guest_count, unit_count, lines,"
    " total_amount, currency, schedule, cancellation_policy, cancellation_timeline, certification, policy_version,"
    " issued_at, expires_at, used_by_booking_id, voided_at"
)
_DOCUMENTS: dict[str, Any] = {
    "lines": tuple[Line, ...],
    "schedule": tuple[Leg, ...],
    "cancellation_policy": CancellationPolicy,
    "cancellation_timeline": tuple[CancellationStep, ...],
    "certification": CertificationSnapshot,
}
_DECODERS = {name: msgspec.json.Decoder(shape) for name, shape in _DOCUMENTS.items()}


async def quote(*, quote_id: UUID, principal: Principal) -> Quote:
    """Return a quote of this principal's, whatever has become of it; a foreign one is not found. Refuses: NotFound."""
    return read(await fetch_one(f"SELECT {COLUMNS} FROM quotes WHERE {OWN}", quote_id, principal.kind, principal.id))


# The tenant's scope, shared with the operation that locks the row: $1 quote, $2 kind and $3 id of the principal.
OWN = "id = $1 AND principal_kind = $2 AND principal_id = $3"


def read(row: asyncpg.Record | None) -> Quote:
    """Make a quote of a row that has ``COLUMNS``. Refuses: NotFound when there is none."""
    if row is None:
        raise NotFound
    facts: dict[str, Any] = dict(row)
    facts["kind"] = QuoteKind(facts["kind"])
    return Quote(**facts | {name: decoder.decode(facts[name]) for name, decoder in _DECODERS.items()})


async def discounts(*, institution_id: UUID, on: date) -> list[Discount]:
    """Return the length-of-stay discounts in force on ``on``, shortest first."""
    return (await discounts_of_many([institution_id], on=on)).get(institution_id, [])


async def discounts_of_many(institution_ids: Collection[UUID], *, on: date) -> dict[UUID, list[Discount]]:
    """Return the discounts in force of those institutions that have any, each shortest first, in one query."""
    rows = await fetch(
        "SELECT DISTINCT ON (institution_id, nights_min) institution_id, nights_min, discount_bps"
        " FROM length_of_stay_discounts WHERE institution_id = ANY($1) AND effective_from_on <= $2"
        " ORDER BY institution_id, nights_min, effective_from_on DESC",
        list(institution_ids),
        on,
    )
    found: dict[UUID, list[Discount]] = {}
    for row in rows:
        if row["discount_bps"]:
            found.setdefault(row["institution_id"], []).append(
                Discount(nights_min=row["nights_min"], discount_bps=row["discount_bps"])
            )
    return found
