"""Charges beside the booked price on the wire."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from marketplace.bookings.rules import ChargeRow, Item
from marketplace.bookings.schemas.bookings import QUOTE_ID
from marketplace.bookings.states import CHARGE, ChargeStatus
from marketplace.inventory.rules import PRICE_AMOUNT_MAX
from marketplace.kit import ids
from marketplace.kit.errors import invalid
from marketplace.kit.money import Money
from marketplace.payments.rules import Leg as LegName
from marketplace.pricing.schemas import LineView


class ExtensionQuoteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask what staying until another day would cost."""

    check_out: date


class ExtensionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold the further nights of an extension quote."""

    quote_id: QUOTE_ID


class AdjustmentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask the guests for something beside the price: so many at so much each."""

    item: Annotated[Item, msgspec.Meta(examples=["extra_meals"])]
    unit_price: Annotated[Money, msgspec.Meta(examples=[{"amount": 3000, "currency": "CNY"}])]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000, examples=[4])]

    @property
    def unit_amount(self) -> int:
        """Return the price of one in fen. Refuses: Invalid."""
        if self.unit_price.currency != "CNY" or not 0 < self.unit_price.amount <= PRICE_AMOUNT_MAX:
            raise invalid("unit_price", zh="单价须为正的人民币金额", en="Give a price in CNY above zero.")
        return self.unit_price.amount


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """Something beside the booked price: an extension that the guests asked for, or an adjustment proposed to them.

    Nothing is charged that they have not agreed to. While it is open its leg can be paid until `due_at`.
    """

    id: Annotated[str, msgspec.Meta(pattern=ids.pattern("chg"), examples=[f"chg_{'0' * 31}1"])]
    booking_id: str
    leg: Annotated[LegName, msgspec.Meta(description="The leg to pay: `extension` or `adjustment`.")]
    number: int
    status: ChargeStatus
    valid_transitions: list[str]
    lines: list[LineView]
    amount: Money
    first_night: Annotated[date, msgspec.Meta(examples=["2027-07-01"])]
    end_on: date
    due_at: Annotated[datetime, msgspec.Meta(description="Until when to answer or to pay.")]
    settled_at: datetime | None

    @classmethod
    def of(cls, row: ChargeRow, *, actor: str) -> "ChargeView":
        """Show a charge to one kind of reader."""
        return cls(
            id=ids.wire("chg", row.id),
            booking_id=ids.wire("bkg", row.booking_id),
            leg=LegName(row.kind),
            number=row.number,
            status=row.status,
            valid_transitions=CHARGE.valid_transitions(row.status, actor=actor),
            lines=[LineView.of(line, row.currency) for line in row.lines],
            amount=Money(row.amount, row.currency),
            first_night=row.first_on,
            end_on=row.end_on,
            due_at=row.due_at,
            settled_at=row.settled_at,
        )
