"""Statements, invoices and credits on the wire."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from marketplace.bookings.rules import due_by, left_of, shown_status
from marketplace.bookings.schemas import ChargeView
from marketplace.bookings.states import Status
from marketplace.inventory.rules import PRICE_AMOUNT_MAX
from marketplace.kit import ids
from marketplace.kit.clock import local_date
from marketplace.kit.errors import invalid
from marketplace.kit.money import Money
from marketplace.kit.text import LINE
from marketplace.payments.rules import Leg as LegName
from marketplace.payments.rules import RefundReason
from marketplace.payments.schemas import PaymentView, RefundView
from marketplace.pricing.rules import Leg
from marketplace.pricing.schemas import LineView
from marketplace.settlement.queries import Buyer, InvoiceRow, Statement, returned_amount
from marketplace.settlement.rules import InvoiceStatus

TITLE = Annotated[str, msgspec.Meta(min_length=2, max_length=100, pattern=LINE, examples=["王秀英"])]


class LegStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the price, what has been paid of it, and by when the rest is due."""

    leg: LegName
    number: int
    amount: Money
    paid: Money
    due_on: date
    overdue: bool

    @classmethod
    def of(cls, leg: Leg, *, schedule: list[Leg], paid_amount: int, currency: str, today: date) -> "LegStatement":
        """State one leg on a day."""
        left = left_of(schedule, leg, paid_amount=paid_amount)
        return cls(
            leg=LegName(leg.leg),
            number=leg.number,
            amount=Money(leg.amount, currency),
            paid=Money(leg.amount - left, currency),
            due_on=leg.due_on,
            overdue=left > 0 and leg.due_on < today,
        )


class InvoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """The e-invoice (数电票) of a booking. The institution is its issuer and writes its number here once it has issued it."""

    booking_id: Annotated[str, msgspec.Meta(pattern=ids.pattern("bkg"))]
    status: InvoiceStatus
    issuer: Annotated[str, msgspec.Meta(examples=["白河林海康养院（示例）"])]
    buyer_title: TITLE
    buyer_tax_number: str | None
    amount: Annotated[Money | None, msgspec.Meta(description="Paid and not refunded when it was issued.")]
    number: Annotated[str | None, msgspec.Meta(examples=["26222000000000000001"])]
    issued_on: date | None
    requested_at: Annotated[datetime, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]

    @classmethod
    def of(cls, row: InvoiceRow) -> "InvoiceView":
        """Show an invoice to its booking's guests and institution."""
        return cls(
            booking_id=ids.wire("bkg", row.booking_id),
            status=row.status,
            issuer=row.institution_name,
            buyer_title=row.buyer.title,
            buyer_tax_number=row.buyer.tax_number,
            amount=Money(row.amount, row.currency) if row.amount is not None else None,
            number=row.number,
            issued_on=row.issued_on,
            requested_at=row.requested_at,
        )


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a booking costs, was paid and goes back, item by item, at one instant.

    The lines sum to `total`, and so do the legs. `due` is what is still to be paid, `due_now` what should have been by
    today. `refundable` is what would go back if the guests cancelled, or left, today. Interest is beside the refunds.
    """

    booking_id: Annotated[str, msgspec.Meta(pattern=ids.pattern("bkg"))]
    status: Status
    institution_name: str
    check_in: date
    check_out: date
    lines: list[LineView]
    total: Money
    tax_included: bool
    legs: list[LegStatement]
    charges: Annotated[list[ChargeView], msgspec.Meta(description="Beside the price; in the lines once they are paid.")]
    paid: Money
    due: Money
    due_now: Money
    refundable: Money
    refundable_reason_zh: str
    refundable_reason_en: str
    refunded: Annotated[Money, msgspec.Meta(description="Promised or paid back, interest apart.")]
    interest: Annotated[Money, msgspec.Meta(description="Owed by the institution beside refunds for its cause.")]
    payments: list[PaymentView]
    refunds: list[RefundView]
    cancellation_policy_version: Annotated[str, msgspec.Meta(examples=["stay-2026-1"])]
    invoice: InvoiceView | None
    stated_at: Annotated[datetime, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]

    @classmethod
    def of(cls, found: Statement, *, actor: str, now: datetime) -> "StatementView":
        """State a booking to one kind of reader at one instant."""
        record, today = found.booking, local_date(now)
        status = shown_status(record.status, hold_expires_at=record.hold_expires_at, now=now)
        standing = status in (Status.ON_HOLD, Status.CONFIRMED, Status.CHECKED_IN)
        due = record.total_amount - record.paid_amount if standing else 0
        due_now = max(due_by(record.schedule, day=today) - record.paid_amount, 0) if standing else 0
        interest = sum(one.amount for one in record.refunds if one.reason is RefundReason.INTEREST)
        zh, en = _REASONS.get(status, _NOTHING)

        def money(amount: int) -> Money:
            return Money(amount, record.currency)

        return cls(
            booking_id=ids.wire("bkg", record.id),
            status=status,
            institution_name=record.institution_name,
            check_in=record.check_in,
            check_out=record.check_out,
            lines=[LineView.of(line, record.currency) for line in record.lines],
            total=money(record.total_amount),
            tax_included=True,
            legs=[
                LegStatement.of(
                    leg,
                    schedule=record.schedule,
                    paid_amount=record.paid_amount,
                    currency=record.currency,
                    today=today,
                )
                for leg in record.schedule
            ],
            charges=[ChargeView.of(charge, actor=actor) for charge in found.charges],
            paid=money(record.paid_amount),
            due=money(due),
            due_now=money(due_now),
            refundable=money(found.refundable_amount),
            refundable_reason_zh=zh,
            refundable_reason_en=en,
            refunded=money(returned_amount(record)),
            interest=money(interest),
            payments=[PaymentView.of(payment) for payment in record.payments],
            refunds=[RefundView.of(refund) for refund in record.refunds],
            cancellation_policy_version=found.policy_version,
            invoice=InvoiceView.of(found.invoice) if found.invoice else None,
            stated_at=now,
        )


_NOTHING = ("预订已结束，无可退金额", "The booking has ended; nothing can be cancelled.")
_REASONS = {
    Status.ON_HOLD: ("尚未付款，取消不收费", "Nothing has been paid; cancelling costs nothing."),
    Status.CONFIRMED: ("今天取消可退金额", "What goes back if it is cancelled today."),
    Status.CHECKED_IN: (
        "今天离店可退金额（已住按未打折价计）",
        "What goes back on leaving today; nights used at full price.",
    ),
    Status.DISPLACED: ("机构认定已撤销，将全额退款", "The certification was revoked; all goes back by itself."),
}


class InvoiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for an e-invoice; a company also gives its tax number."""

    title: TITLE
    tax_number: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{15,20}$", examples=["91220000MA0000000X"])] | None = None

    def buyer(self) -> Buyer:
        """Return for whom it is made out."""
        return Buyer(title=self.title, tax_number=self.tax_number)


class IssuedInvoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The invoice that the institution has issued with the tax authority."""

    number: Annotated[str, msgspec.Meta(pattern="^[0-9]{20}$", examples=["26222000000000000001"])]
    issued_on: date


class CreditRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give guests a part of their money back."""

    amount: Annotated[Money, msgspec.Meta(examples=[{"amount": 20000, "currency": "CNY"}])]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200, pattern=LINE, examples=["热水停供一天"])]

    @property
    def fen(self) -> int:
        """Return the amount. Refuses: Invalid."""
        if self.amount.currency != "CNY" or not 0 < self.amount.amount <= PRICE_AMOUNT_MAX:
            raise invalid("amount", zh="金额须为正的人民币", en="Give an amount in CNY above zero.")
        return self.amount.amount
