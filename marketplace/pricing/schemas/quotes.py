"""Quotes on the wire."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from marketplace.certifications.rules import CertificationSnapshot
from marketplace.inventory.rules import Gender
from marketplace.kit.clock import SHANGHAI
from marketplace.kit.ids import wire
from marketplace.kit.money import Money
from marketplace.pricing.rules import CancellationStep, Leg, LegName, Line, MealPlan, Party, Quote, by_night

Amount = Annotated[Money, msgspec.Meta(examples=[{"amount": 428000, "currency": "CNY"}])]


class LineView(msgspec.Struct, frozen=True):
    """One line of the price and its reason; a discount is negative. Lines of nights cover [first_night, end_on)."""

    code: Annotated[str, msgspec.Meta(examples=["nights"])]
    reason_zh: Annotated[str, msgspec.Meta(examples=["¥200.00 × 30 晚"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["¥200.00 × 30 nights"])]
    amount: Amount
    unit_price: Money | None
    quantity: int | None
    first_night: date | None
    end_on: date | None

    @classmethod
    def of(cls, line: Line, currency: str) -> "LineView":
        """Write a line."""
        return cls(
            code=line.code,
            reason_zh=line.reason_zh,
            reason_en=line.reason_en,
            amount=Money(line.amount, currency),
            unit_price=None if line.unit_amount is None else Money(line.unit_amount, currency),
            quantity=line.quantity,
            first_night=line.first_night,
            end_on=line.end_on,
        )


class LegView(msgspec.Struct, frozen=True):
    """One part of the price: ``full``, or ``deposit`` and ``balance``, or of a stay of more than 30 nights ``month``s."""

    leg: LegName
    amount: Amount
    due_on: date
    number: Annotated[int, msgspec.Meta(description="Counts the legs of one name, such as months.", examples=[1])]
    first_night: Annotated[date | None, msgspec.Meta(description="The first night it pays for; null for all.")]
    end_on: Annotated[date | None, msgspec.Meta(description="The day after its last night; null for all.")]

    @classmethod
    def of(cls, leg: Leg, currency: str) -> "LegView":
        """Write a leg."""
        return cls(
            leg=leg.leg,
            amount=Money(leg.amount, currency),
            due_on=leg.due_on,
            number=leg.number,
            first_night=leg.first_night,
            end_on=leg.end_on,
        )


class CancellationStepView(msgspec.Struct, frozen=True):
    """What cancelling before ``until`` (local time; null: at any later time) keeps, and gives back when all is paid."""

    until: Annotated[datetime | None, msgspec.Meta(examples=["2027-05-18T00:00:00+08:00"])]
    penalty: Amount
    refund: Amount
    reason_zh: Annotated[str, msgspec.Meta(examples=["免费取消"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["Free cancellation"])]

    @classmethod
    def of(cls, step: CancellationStep, currency: str) -> "CancellationStepView":
        """Write a step in the local time of the stay."""
        return cls(
            until=step.until.astimezone(SHANGHAI) if step.until else None,
            penalty=Money(step.penalty_amount, currency),
            refund=Money(step.refund_amount, currency),
            reason_zh=step.reason_zh,
            reason_en=step.reason_en,
        )


class NightPriceView(msgspec.Struct, frozen=True):
    """What one night costs: ``price`` of one unit, ``amount`` for the whole party with discounts and supplements."""

    date: date
    price: Amount
    amount: Amount


class ReferenceView(msgspec.Struct, frozen=True):
    """A price that may be shown struck through beside the total, and what it means."""

    amount: Amount
    reason_zh: Annotated[str, msgspec.Meta(examples=["不高于近 7 日同房型最低成交价"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["At most the lowest price paid for this room type in 7 days"])]

    @classmethod
    def of(cls, amount: int, currency: str) -> "ReferenceView":
        """Write a reference price."""
        return cls(
            amount=Money(amount, currency),
            reason_zh="不高于近 7 日同房型最低成交价",
            reason_en="At most the lowest price paid for this room type in 7 days",
        )


class QuoteView(msgspec.Struct, frozen=True):
    """An immutable priced offer: book with its id before ``expires_at``. It holds no room; the booking does."""

    id: Annotated[str, msgspec.Meta(examples=["quo_0192f0c1a2b37c3d8e4f5a6b7c8d9e0f"])]
    kind: Annotated[str, msgspec.Meta(examples=["stay"])]
    institution_id: Annotated[str, msgspec.Meta(examples=["ins_0192f0c1a2b37c3d8e4f5a6b7c8d9e0f"])]
    room_type_id: str | None
    departure_id: str | None
    check_in: date
    check_out: date
    night_count: int
    guest_count: int
    unit_count: int
    companion_beds: int
    meal_plan: MealPlan
    care_levels: list[int]
    gender: Annotated[Gender | None, msgspec.Meta(description="Of a party for beds in shared rooms; else null.")]
    promotion_code: str | None
    lines: list[LineView]
    total: Amount
    tax_included: Annotated[
        bool, msgspec.Meta(description="Always: every price contains its tax, and every fee is a line of its own.")
    ]
    reference: Annotated[
        ReferenceView | None, msgspec.Meta(description="Null when no struck-through price would be lawful.")
    ]
    nights: Annotated[list[NightPriceView], msgspec.Meta(description="They sum to the total; empty for a departure.")]
    schedule: list[LegView]
    cancellation: list[CancellationStepView]
    certification: CertificationSnapshot
    policy_version: str
    cancellation_policy_version: Annotated[str, msgspec.Meta(examples=["stay-2026-1"])]
    rate_plan_from: Annotated[
        date | None, msgspec.Meta(description="Since when the institution's rate plan holds; null when it has none.")
    ]
    issued_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, quote: Quote) -> "QuoteView":
        """Write a quote."""
        party = quote.party or Party(guest_count=quote.guest_count)
        return cls(
            id=wire("quo", quote.id),
            kind=quote.kind.value,
            institution_id=wire("ins", quote.institution_id),
            room_type_id=wire("rmt", quote.room_type_id) if quote.room_type_id else None,
            departure_id=wire("dep", quote.departure_id) if quote.departure_id else None,
            check_in=quote.check_in,
            check_out=quote.check_out,
            night_count=(quote.check_out - quote.check_in).days,
            guest_count=quote.guest_count,
            unit_count=quote.unit_count,
            companion_beds=party.companion_bed_count,
            meal_plan=party.meal_plan,
            care_levels=list(party.care_levels),
            gender=party.gender,
            promotion_code=quote.promotion_code,
            lines=[LineView.of(line, quote.currency) for line in quote.lines],
            total=Money(quote.total_amount, quote.currency),
            tax_included=True,
            reference=None
            if quote.reference_amount is None
            else ReferenceView.of(quote.reference_amount, quote.currency),
            nights=[
                NightPriceView(
                    night.night, Money(night.unit_amount, quote.currency), Money(night.amount, quote.currency)
                )
                for night in by_night(quote.lines)
            ],
            schedule=[LegView.of(leg, quote.currency) for leg in quote.schedule],
            cancellation=[CancellationStepView.of(step, quote.currency) for step in quote.cancellation_timeline],
            certification=quote.certification,
            policy_version=quote.policy_version,
            cancellation_policy_version=quote.cancellation_policy.version,
            rate_plan_from=quote.rate_plan_on,
            issued_at=quote.issued_at,
            expires_at=quote.expires_at,
        )
