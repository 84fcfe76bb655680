"""E-invoices (数电票): guests ask, the institution issues. No tax platform is connected: the institution writes the number."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from marketplace.bookings import queries as bookings
from marketplace.identity.rules import Principal
from marketplace.kit.audit import record
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import IllegalTransition, NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.settlement.errors import InvoiceExists, NothingToInvoice
from marketplace.settlement.queries import Buyer
from marketplace.settlement.rules import InvoiceStatus


async def request_invoice(*, principal: Principal, booking_id: UUID, buyer: Buyer, now: datetime) -> UUID:
    """Ask the institution for an invoice, at any time from the booking on (发票管理办法 18; R22).

    Refuses: NotFound, InvoiceExists.
    """
    async with transaction():
        found = await bookings.booking(principal=principal, booking_id=booking_id, now=now)
        invoice_id = new_id()
        written = await execute(
            "INSERT INTO invoices (id, booking_id, institution_id, status, buyer, currency, requested_by, requested_at)"
            " VALUES ($1, $2, $3, 'requested', $4, $5, $6, $7) ON CONFLICT (booking_id) WHERE status <> 'refused'"
            " DO NOTHING",
            invoice_id,
            booking_id,
            found.institution_id,
            vault().seal(buyer, table="invoices", column="buyer", row=invoice_id),
            found.currency,
            principal.id,
            now,
        )
        if not written:
            raise InvoiceExists
        await record("invoice.requested", actor=principal, subject=invoice_id, now=now)
    return invoice_id


async def issue_invoice(*, principal: Principal, booking_id: UUID, number: str, issued_on: date, now: datetime) -> None:
    """Write down the invoice that the institution has issued, of what was paid and has not gone back.

    Refuses: NotFound, NothingToInvoice, IllegalTransition, Invalid for a number that is on another invoice.
    """
    async with transaction():
        invoice_id = await _lock_requested(principal, booking_id, event="issue")
        amount = await fetch_value(
            "SELECT b.paid_amount - coalesce((SELECT sum(r.amount) FROM refunds r JOIN payments p ON p.id = r.payment_id"
            "   WHERE r.booking_id = b.id AND NOT p.surplus"
            "     AND r.reason NOT IN ('interest', 'late_payment')), 0)::bigint FROM bookings b WHERE b.id = $1",
            booking_id,
        )
        if amount <= 0:
            raise NothingToInvoice
        try:
            async with transaction():
                await execute(
                    "UPDATE invoices SET status = $2, number = $3, issued_on = $4, amount = $5, settled_at = $6"
                    " WHERE id = $1",
                    invoice_id,
                    InvoiceStatus.ISSUED.value,
                    number,
                    issued_on,
                    amount,
                    now,
                )
        except asyncpg.UniqueViolationError:
            raise invalid("number", zh="该发票号码已登记", en="This number is on another invoice.") from None
        await record("invoice.issued", actor=principal, subject=invoice_id, now=now, after=number)


async def refuse_invoice(*, principal: Principal, booking_id: UUID, now: datetime) -> None:
    """Say that an invoice cannot be issued to this buyer; the guests may ask again. Refuses: NotFound, IllegalTransition."""
    async with transaction():
        invoice_id = await _lock_requested(principal, booking_id, event="refuse")
        await execute(
            "UPDATE invoices SET status = $2, settled_at = $3 WHERE id = $1",
            invoice_id,
            InvoiceStatus.REFUSED.value,
            now,
        )
        await record("invoice.refused", actor=principal, subject=invoice_id, now=now)


async def _lock_requested(principal: Principal, booking_id: UUID, *, event: str) -> UUID:
    row = await fetch_one(
        "SELECT id, status FROM invoices WHERE booking_id = $1 AND institution_id = $2 ORDER BY id DESC LIMIT 1"
        " FOR UPDATE",
        booking_id,
        principal.institution_id,
    )
    if row is None:
        raise NotFound
    if row["status"] != InvoiceStatus.REQUESTED.value:
        raise IllegalTransition(current=row["status"], event=event)
    found: UUID = row["id"]
    return found
