"""Charges beside the booked price, under lock: what is open, what was paid, and what ends without payment.

The booking itself changes only when a charge is paid: its leg is then put first in the schedule, as paid, so that what was
paid for the other legs still fills the same ones.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from marketplace.bookings.events import BookingAdjusted, BookingChargeEnded, BookingExtended
from marketplace.bookings.operations.loading import Row, lock
from marketplace.bookings.states import CHARGE, ChargeEvent, ChargeStatus
from marketplace.inventory import operations as inventory
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.outbox import publish
from marketplace.payments import operations as payments
from marketplace.payments.rules import Leg as LegName
from marketplace.pricing import operations as pricing
from marketplace.pricing.rules import Leg

EXTENSION, ADJUSTMENT = LegName.EXTENSION, LegName.ADJUSTMENT
BESIDE_THE_PRICE = frozenset({EXTENSION, ADJUSTMENT})


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as it is stored."""

    id: UUID
    booking_id: UUID
    institution_id: UUID
    kind: LegName
    number: int
    status: ChargeStatus
    quote_id: UUID | None
    allocation_id: UUID | None
    first_on: date
    end_on: date
    lines: str
    amount: int
    currency: str
    due_at: datetime
    opened_at: datetime
    settled_at: datetime | None

    def after(self, event: ChargeEvent) -> ChargeStatus:
        """Return the status after ``event``. Refuses: IllegalTransition."""
        return CHARGE.target(self.status, event)


async def charge_of(charge_id: UUID) -> Charge:
    """Return a charge without a lock. Refuses: NotFound."""
    return _charge(await fetch_one("SELECT * FROM booking_charges WHERE id = $1", charge_id))


async def lock_charge(charge_id: UUID) -> Charge:
    """Return a charge FOR UPDATE; its booking is locked before it. Refuses: NotFound."""
    require_transaction()
    return _charge(await fetch_one("SELECT * FROM booking_charges WHERE id = $1 FOR UPDATE", charge_id))


async def numbered_charge(booking_id: UUID, kind: LegName, number: int) -> Charge:
    """Return the charge that a leg is of. Refuses: NotFound."""
    return _charge(
        await fetch_one(
            "SELECT * FROM booking_charges WHERE booking_id = $1 AND kind = $2 AND number = $3",
            booking_id,
            kind.value,
            number,
        )
    )


async def open_charge(booking_id: UUID, kind: LegName) -> Charge | None:
    """Return the charge of this kind that waits to be paid."""
    row = await fetch_one(
        "SELECT * FROM booking_charges WHERE booking_id = $1 AND kind = $2 AND status = 'open'", booking_id, kind.value
    )
    return _charge(row) if row is not None else None


async def insert_charge(columns: Mapping[str, object]) -> int | None:
    """Write a charge down, with its booking locked, and return its number among those of its kind.

    None, and nothing is written, while another of its kind is open.
    """
    require_transaction()
    number = await fetch_value(
        "SELECT coalesce(max(number), 0) + 1 FROM booking_charges WHERE booking_id = $1 AND kind = $2",
        columns["booking_id"],
        columns["kind"],
    )
    values = {**columns, "number": number}
    places = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    written: int | None = await fetch_value(
        f"INSERT INTO booking_charges ({', '.join(values)}) VALUES ({places})"
        " ON CONFLICT (booking_id, kind) WHERE status IN ('proposed', 'open') DO NOTHING RETURNING number",
        *values.values(),
    )
    return written


async def receive_charge(row: Row, charge: Charge, *, amount: int, now: datetime) -> None:
    """Add what was paid to a locked booking. Publishes: booking.extended or booking.adjusted."""
    await settle(charge, charge.after(ChargeEvent.PAY), now=now)
    leg = Leg(
        leg=charge.kind.value,
        amount=charge.amount,
        due_on=local_date(charge.due_at),
        number=charge.number,
        first_night=charge.first_on,
        end_on=charge.end_on,
    )
    extended = charge.kind is EXTENSION
    await execute(
        "UPDATE bookings SET paid_amount = paid_amount + $2, total_amount = total_amount + $2,"
        " schedule = $3::jsonb || schedule, check_out = $4 WHERE id = $1",
        row.id,
        amount,
        msgspec.json.encode([leg]).decode(),
        charge.end_on if extended else row.check_out,
    )
    if extended:
        await pricing.record_deal(booking_id=charge.id, now=now)
        await publish(BookingExtended(**row.news, charge_id=charge.id, check_out=charge.end_on), now=now)
    else:
        await publish(BookingAdjusted(**row.news, charge_id=charge.id, amount=charge.amount), now=now)
    await audit.record(f"booking.{charge.kind}_paid", actor=audit.SYSTEM, subject=row.id, now=now, after=amount)


async def lapse_charge(*, charge_id: UUID, now: datetime) -> None:
    """End a charge whose time is up: its nights are free again, and nothing else is lost.

    Publishes: booking.charge_ended.
    """
    async with transaction():
        before = await charge_of(charge_id)
        if before.settled_at is not None or before.due_at > now:
            return
        if before.allocation_id is not None:
            await inventory.release(allocation_id=before.allocation_id)
        row = await lock(before.booking_id)
        charge = await lock_charge(charge_id)
        if charge.settled_at is not None:
            return
        await settle(charge, charge.after(ChargeEvent.LAPSE), now=now)
        await payments.cancel_open_leg(booking_id=row.id, leg=charge.kind, number=charge.number, now=now)
        await publish(BookingChargeEnded(**row.news, charge_id=charge.id, outcome="lapsed"), now=now)
        await audit.record("booking.charge_lapsed", actor=audit.SYSTEM, subject=row.id, now=now)


async def void_charges(row: Row, *, now: datetime) -> None:
    """End what is open beside the price of a locked booking that ends. Publishes: booking.charge_ended."""
    rows = await fetch(
        "SELECT * FROM booking_charges WHERE booking_id = $1 AND status IN ('proposed', 'open') ORDER BY id FOR UPDATE",
        row.id,
    )
    for charge in map(_charge, rows):
        await settle(charge, charge.after(ChargeEvent.VOID), now=now)
        await payments.cancel_open_leg(booking_id=row.id, leg=charge.kind, number=charge.number, now=now)
        await publish(BookingChargeEnded(**row.news, charge_id=charge.id, outcome="void"), now=now)


async def settle(charge: Charge, status: ChargeStatus, *, now: datetime) -> None:
    """Write down how a locked charge has ended."""
    await execute(
        "UPDATE booking_charges SET status = $2, settled_at = $3, allocation_id = NULL WHERE id = $1",
        charge.id,
        status.value,
        now,
    )


def _charge(row: Any) -> Charge:
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), Charge)
