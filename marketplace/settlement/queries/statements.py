"""The statement of a booking: everything that it costs, was paid and goes back, as one read (明码标价规定 15; R22)."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.bookings import queries as bookings
from marketplace.bookings.queries import BookingRecord
from marketplace.bookings.rules import ChargeRow, cancels_free, used_until
from marketplace.bookings.states import Status
from marketplace.identity.rules import Principal
from marketplace.kit.clock import local_date
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch_one
from marketplace.payments import queries as payments
from marketplace.payments.rules import RefundReason
from marketplace.pricing.rules import CancellationPolicy, Cause, refund_due
from marketplace.settlement.rules import InvoiceStatus


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """For whom an invoice is made out; ``tax_number`` is a company's."""

    title: str
    tax_number: str | None = None


class InvoiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The request for an e-invoice (数电票) of a booking; ``buyer`` is opened personal data."""

    id: UUID
    booking_id: UUID
    institution_id: UUID
    institution_name: str
    status: InvoiceStatus
    buyer: Buyer
    amount: int | None
    currency: str
    number: str | None
    issued_on: date | None
    requested_at: datetime
    settled_at: datetime | None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A booking with what its statement adds: charges, what is refundable today, and its invoice."""

    booking: BookingRecord
    charges: list[ChargeRow]
    refundable_amount: int
    policy_version: str
    invoice: InvoiceRow | None


async def statement(*, principal: Principal, booking_id: UUID, now: datetime) -> Statement:
    """Return the statement of one booking of the principal's. Refuses: NotFound."""
    record = await bookings.booking(principal=principal, booking_id=booking_id, now=now)
    row = await fetch_one("SELECT cancellation_policy, first_paid_at FROM bookings WHERE id = $1", booking_id)
    assert row is not None
    policy = msgspec.json.decode(row["cancellation_policy"], type=CancellationPolicy)
    return Statement(
        booking=record,
        charges=await bookings.charges(principal=principal, booking_id=booking_id),
        refundable_amount=await _refundable(record, policy, first_paid_at=row["first_paid_at"], now=now),
        policy_version=policy.version,
        invoice=await invoice(booking_id),
    )


async def invoice(booking_id: UUID) -> InvoiceRow | None:
    """Return the newest request for an invoice of a booking."""
    row = await fetch_one(
        "SELECT v.*, i.name AS institution_name FROM invoices v JOIN institutions i ON i.id = v.institution_id"
        " WHERE v.booking_id = $1 ORDER BY v.id DESC LIMIT 1",
        booking_id,
    )
    if row is None:
        return None
    opened = vault().open(row["buyer"], table="invoices", column="buyer", row=row["id"])
    names = InvoiceRow.__struct_fields__
    found = {name: row[name] for name in names if name != "buyer"}
    return InvoiceRow(**{**found, "status": InvoiceStatus(row["status"]), "buyer": msgspec.convert(opened, Buyer)})


async def _refundable(
    record: BookingRecord, policy: CancellationPolicy, *, first_paid_at: datetime | None, now: datetime
) -> int:
    """Return what would go back if the guests cancelled now, or left today."""
    in_house, free = record.status is Status.CHECKED_IN, (record.free_cancel_from_at, record.free_cancel_until_at)
    if record.status is not Status.CONFIRMED and not in_house:
        return 0
    held = sum(one.refundable_amount for one in await payments.captured_payments(record.id))
    return refund_due(
        policy,
        paid_amount=min(held, record.paid_amount),
        total_amount=record.total_amount,
        first_paid_at=first_paid_at,
        check_in=record.check_in,
        now=now,
        used=used_until(record.lines, check_in=record.check_in, check_out=record.check_out, left_on=local_date(now)),
        service_begun=in_house,
        # While the institution is suspended, guests still to come cancel free of charge (R03).
        cause=Cause.TRADER if not in_house and cancels_free(*free, now=now) else Cause.CONSUMER,
    )


def returned_amount(record: BookingRecord) -> int:
    """Return how much was promised back, interest apart."""
    return sum(refund.amount for refund in record.refunds if refund.reason is not RefundReason.INTEREST)
