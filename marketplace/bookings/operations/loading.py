"""Reading a booking to change it: first without a lock, then, after the locks above it, for update."""

from typing import Any
from uuid import UUID

import msgspec

from marketplace.bookings.states import BOOKING, Event, Status
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.kit.db import fetch_one, require_transaction
from marketplace.kit.errors import Busy, NotFound
from marketplace.pricing import operations as pricing
from marketplace.pricing.rules import Party
from marketplace.tours import operations as tours

_COLUMNS = (
    "id, kind, status, owner_kind, owner_id, institution_id, room_type_id, departure_id, seat_id, allocation_id,"
    " check_in, check_out, guest_count, unit_count, total_amount, paid_amount, currency, first_paid_at, schedule,"
    " cancellation_policy, hold_expires_at, hold_extended_at, acknowledged_at, decision_id,"
    " free_cancel_from_at, free_cancel_until_at,"
    " (SELECT q.promotion_code IS NOT NULL FROM quotes q WHERE q.id = bookings.quote_id) AS is_promoted,"
    " (SELECT q.party FROM quotes q WHERE q.id = bookings.quote_id) AS party,"
    " (SELECT c.allocation_id FROM booking_charges c WHERE c.booking_id = bookings.id AND c.status = 'open'"
    "   AND c.kind = 'extension') AS further_allocation_id,"
    " EXISTS (SELECT FROM booking_charges c WHERE c.booking_id = bookings.id AND c.status IN ('proposed', 'open'))"
    "   AS has_open_charges"
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as operations see it: no personal data."""

    id: UUID
    kind: str
    status: Status
    owner_kind: str
    owner_id: UUID
    institution_id: UUID
    room_type_id: UUID | None
    departure_id: UUID | None
    seat_id: UUID | None
    allocation_id: UUID | None
    check_in: Any
    check_out: Any
    guest_count: int
    unit_count: int
    total_amount: int
    paid_amount: int
    currency: str
    first_paid_at: Any
    schedule: str
    cancellation_policy: str
    hold_expires_at: Any
    hold_extended_at: Any
    acknowledged_at: Any
    decision_id: UUID | None
    free_cancel_from_at: Any
    free_cancel_until_at: Any
    is_promoted: bool
    party: Party | None
    further_allocation_id: UUID | None
    has_open_charges: bool

    @property
    def partner_id(self) -> UUID | None:
        """The partner that made the booking, who is told about it."""
        return self.owner_id if self.owner_kind == "partner" else None

    @property
    def holdings(self) -> tuple[UUID | None, ...]:
        """Whatever is set aside for the booking."""
        return (self.seat_id, self.allocation_id, self.further_allocation_id)

    @property
    def news(self) -> dict[str, Any]:
        """The fields that every event of a booking carries."""
        return {"booking_id": self.id, "institution_id": self.institution_id, "partner_id": self.partner_id}

    def after(self, event: Event) -> Status:
        """Return the status after ``event``. Refuses: IllegalTransition."""
        return BOOKING.target(self.status, event)


async def peek(booking_id: UUID) -> Row:
    """Read a booking without a lock. Refuses: NotFound."""
    return _row(await fetch_one(f"SELECT {_COLUMNS} FROM bookings WHERE id = $1", booking_id))


async def lock(booking_id: UUID) -> Row:
    """Read a booking for update; the locks above it must have been taken. Refuses: NotFound."""
    require_transaction()
    return _row(await fetch_one(f"SELECT {_COLUMNS} FROM bookings WHERE id = $1 FOR UPDATE", booking_id))


async def lock_as(before: Row) -> Row:
    """Read for update a booking whose holdings were given back as they were ``before``.

    Refuses: Busy when it has come to hold something else meanwhile: that would stay taken for nobody.
    """
    row = await lock(before.id)
    if row.holdings != before.holdings:
        raise Busy
    return row


async def peek_own(booking_id: UUID, *, principal: Principal) -> Row:
    """Read a booking that the principal may see; a foreign one is not found. Refuses: NotFound."""
    row = await peek(booking_id)
    mine = principal.kind in ("family", "partner") and row.owner_id == principal.id
    hosts = principal.kind == "institution" and row.institution_id == principal.institution_id
    if not (mine or hosts):
        raise NotFound
    return row


async def give_back(row: Row) -> None:
    """Return the nights or seats that a booking holds, those of an open extension too, and its promotion.

    Called before the booking itself is locked.
    """
    if row.departure_id is not None and row.seat_id is not None:
        await tours.unseat(departure_id=row.departure_id, seat_id=row.seat_id)
    elif row.allocation_id is not None:
        await inventory.release(allocation_id=row.allocation_id)
        await give_back_extension(row)
        if row.is_promoted:
            await pricing.give_back_promotion(booking_id=row.id)


async def give_back_extension(row: Row) -> None:
    """Return the nights of an extension that waits to be paid. Called before the booking itself is locked."""
    if row.further_allocation_id is not None:
        await inventory.release(allocation_id=row.further_allocation_id)


def _row(found: Any) -> Row:
    if found is None:
        raise NotFound
    values = dict(found)
    party = msgspec.json.decode(values["party"], type=Party) if values["party"] else None
    return Row(**{**values, "status": Status(values["status"]), "party": party})
