"""Reads of quotes."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch_one
from marketplace.kit.errors import NotFound
from marketplace.pricing.rules import CancellationPolicy, CancellationStep, Leg, Line, Party, Quote, QuoteKind

COLUMNS = (
    "id, kind, institution_id, room_type_id, departure_id, check_in, check_out, guest_count, unit_count, party,"
    " promotion_code, lines, total_amount, reference_amount, currency, schedule, cancellation_policy, cancellation_timeline, certification, policy_version,"
    " rate_plan_on, issued_at, expires_at, used_by_booking_id, voided_at"
)
_DOCUMENTS: dict[str, Any] = {
    "party": Party,
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
    read_documents = {
        name: decoder.decode(facts[name]) for name, decoder in _DECODERS.items() if facts[name] is not None
    }
    return Quote(**facts | read_documents)
