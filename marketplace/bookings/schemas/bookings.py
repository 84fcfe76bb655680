"""Bookings on the wire."""

from datetime import date, datetime
from typing import Annotated, TypeVar

import msgspec

from marketplace.bookings.queries import BookingRecord, Impact
from marketplace.bookings.rules import (
    OPEN_FOR_PAYMENT,
    CancellationOffer,
    Contact,
    DefaultCause,
    Defaulted,
    Guest,
    SeatsWanted,
    StayWanted,
    cancels_free,
    opens_on,
    payable_leg,
    shown_status,
)
from marketplace.bookings.states import BOOKING, Status
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import e164
from marketplace.inventory.rules import Gender
from marketplace.inventory.schemas import RoomView
from marketplace.kit import ids
from marketplace.kit.clock import local_date
from marketplace.kit.errors import invalid
from marketplace.kit.money import Money
from marketplace.kit.text import LINE
from marketplace.payments.rules import Leg as LegName
from marketplace.payments.rules import Method
from marketplace.payments.schemas import PaymentView, RefundView
from marketplace.pricing.rules import MealPlan
from marketplace.pricing.schemas import LegView, LineView

T = TypeVar("T")

ROOM_TYPE_ID = Annotated[str, msgspec.Meta(examples=[f"rmt_{'0' * 31}1"], max_length=64)]
QUOTE_ID = Annotated[str, msgspec.Meta(examples=[f"quo_{'0' * 31}1"], max_length=64)]
DEPARTURE_ID = Annotated[str, msgspec.Meta(examples=[f"dep_{'0' * 31}1"], max_length=64)]
PERSON_NAME = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=LINE, examples=["王秀英"])]
CARE_LEVEL = Annotated[int, msgspec.Meta(ge=0, le=4, examples=[2])]
BIRTH_YEAR = Annotated[int, msgspec.Meta(ge=1900, le=2100, examples=[1952])]


class Traveller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone who would travel; the price never depends on age (R11)."""

    birth_year: BIRTH_YEAR | None = None


class QuoteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for the price of a stay or of seats on a departure, not both.

    A stay needs ``room_type_id``, ``check_in``, ``check_out`` and ``guest_count``; a departure needs ``departure_id``
    and ``travellers``. Nothing else is charged unless it is asked for here.
    """

    room_type_id: ROOM_TYPE_ID | None = None
    check_in: date | None = None
    check_out: date | None = None
    guest_count: int | None = None
    unit_count: int = 1
    companion_beds: Annotated[int, msgspec.Meta(ge=0, le=200, description="Among the guests; one a unit.")] = 0
    meal_plan: Annotated[MealPlan, msgspec.Meta(description="For every guest, every night.")] = MealPlan.NONE
    care_levels: (
        Annotated[
            list[CARE_LEVEL],
            msgspec.Meta(max_length=200, description="GB/T 42195, of each guest who needs care.", examples=[[2]]),
        ]
        | None
    ) = None
    gender: (
        Annotated[Gender, msgspec.Meta(description="Of the whole party; needed where `beds_per_room` is above 1.")]
        | None
    ) = None
    promotion_code: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=LINE, examples=["SUMMER27"])] | None
    ) = None
    departure_id: DEPARTURE_ID | None = None
    travellers: Annotated[list[Traveller], msgspec.Meta(max_length=200)] | None = None

    def wanted(self) -> StayWanted | SeatsWanted:
        """Return the wish, whole. Refuses: Invalid naming the missing field; NotFound for a malformed id."""
        if self.departure_id is not None:
            for name in _OF_A_STAY:
                if getattr(self, name) not in (None, 0, MealPlan.NONE):
                    raise invalid(name, zh="团期报价不需要此字段", en="Not used when asking for a departure.")
            if not self.travellers:
                raise invalid("travellers", zh="请至少填写一位旅客", en="Name at least one traveller.")
            departure_id = ids.parse("dep", self.departure_id)
            return SeatsWanted(departure_id=departure_id, traveller_count=len(self.travellers))
        if self.travellers is not None:
            raise invalid("travellers", zh="仅团期报价使用此字段", en="Used only with departure_id.")
        return StayWanted(
            room_type_id=ids.parse("rmt", _given("room_type_id", self.room_type_id)),
            check_in=_given("check_in", self.check_in),
            check_out=_given("check_out", self.check_out),
            guest_count=_given("guest_count", self.guest_count),
            unit_count=self.unit_count,
            companion_bed_count=self.companion_beds,
            meal_plan=self.meal_plan,
            care_levels=tuple(self.care_levels or ()),
            gender=self.gender,
            promotion_code=self.promotion_code,
        )


_OF_A_STAY = (
    "room_type_id", "check_in", "check_out", "guest_count", "companion_beds", "meal_plan", "care_levels", "gender",
    "promotion_code",
)  # fmt: skip


def _given(name: str, value: T | None) -> T:
    if value is None:
        raise invalid(name, zh="此字段必填", en="This field is required.")
    return value


class GuestInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone who will stay."""

    name: PERSON_NAME
    birth_year: BIRTH_YEAR | None = None


class ContactInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to call about the stay: often a child of the guests."""

    name: PERSON_NAME
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=32, examples=["+8613800000001"])]


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Turn a quote into a booking on hold."""

    quote_id: QUOTE_ID
    guests: Annotated[list[GuestInput], msgspec.Meta(min_length=1, max_length=200)]
    contact: ContactInput
    partner_reference: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=LINE, examples=["ORDER-1"])] | None
    ) = None

    def party(self) -> list[Guest]:
        """Return the guests as the domain knows them."""
        return [Guest(name=guest.name, birth_year=guest.birth_year) for guest in self.guests]

    def caller(self) -> Contact:
        """Return the contact with the telephone as E.164. Refuses: Invalid."""
        phone = e164(self.contact.phone)
        if phone is None:
            raise invalid("contact.phone", zh="电话号码无效", en="Not a telephone number.")
        return Contact(name=self.contact.name, phone=phone)


class PaymentRequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open a payment of one leg; ``payable_leg`` of the booking says which."""

    leg: LegName
    method: Method
    amount: Annotated[
        Money | None,
        msgspec.Meta(description="Pay a part of what is left of the leg, ¥100 or more, once the booking is confirmed."),
    ] = None

    @property
    def part(self) -> int | None:
        """Return the part to be paid in fen, None for all. Refuses: Invalid."""
        if self.amount is not None and self.amount.currency != "CNY":
            raise invalid("amount.currency", zh="仅支持人民币", en="Only CNY.")
        return self.amount.amount if self.amount else None


class CancellationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cancel at the refund of a cancellation quote."""

    cancellation_quote_id: Annotated[str, msgspec.Meta(examples=[f"cnq_{'0' * 31}1"], max_length=64)]


class InstitutionCancellationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a confirmed stay cannot be honoured."""

    cause: DefaultCause


class InstitutionCancellationView(msgspec.Struct, frozen=True):
    """A stay that the institution cancelled: ``refund`` goes back by itself, ``interest`` the institution owes the guest."""

    booking_id: str
    status: Status
    refund: Money
    interest: Money

    @classmethod
    def of(cls, found: Defaulted) -> "InstitutionCancellationView":
        """Show what follows."""
        return cls(
            booking_id=ids.wire("bkg", found.booking_id),
            status=Status.CANCELLED,
            refund=Money(found.refund_amount),
            interest=Money(found.interest_amount),
        )


class GuestView(msgspec.Struct, frozen=True):
    """Someone who will stay."""

    name: str
    birth_year: int | None


class ContactView(msgspec.Struct, frozen=True):
    """Whom to call about the stay."""

    name: str
    phone: str


class BookingView(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as its family, partner or institution sees it. ``certification`` is live."""

    id: str
    kind: str
    status: Status
    valid_transitions: list[str]
    partner_reference: str | None
    quote_id: str
    institution_id: str
    institution_name: str
    room_type_id: str | None
    room_type_name: str | None
    departure_id: str | None
    check_in: date
    check_out: date
    night_count: int
    guest_count: int
    unit_count: int
    gender: Annotated[Gender | None, msgspec.Meta(description="Of a party in beds of shared rooms; else null.")]
    total: Money
    paid: Money
    refunded: Money
    lines: list[LineView]
    schedule: list[LegView]
    payable_leg: LegName | None
    contact: ContactView
    guests: list[GuestView]
    hold_expires_at: datetime | None
    acknowledged_at: datetime | None
    checked_in_at: datetime | None
    ended_at: datetime | None
    ending_reason: str | None
    placed_at: datetime
    free_cancel: Annotated[bool, msgspec.Meta(description="Cancelling costs nothing: the institution was suspended.")]
    free_cancel_until: Annotated[
        datetime | None, msgspec.Meta(description="When that ends, once the institution was reinstated; else null.")
    ]
    certification: CertificationSnapshot | None
    payments: list[PaymentView]
    refunds: list[RefundView]
    rooms: Annotated[
        list[RoomView],
        msgspec.Meta(description="For the institution: given out three days ahead, final at check-in; else empty."),
    ]

    @classmethod
    def of(cls, record: BookingRecord, *, actor: str, now: datetime) -> "BookingView":
        """Show a booking to one kind of reader at one instant."""
        status = shown_status(record.status, hold_expires_at=record.hold_expires_at, now=now)
        payable = payable_leg(record.schedule, paid_amount=record.paid_amount)
        open_for_payment = status in OPEN_FOR_PAYMENT and payable is not None and local_date(now) >= opens_on(payable)
        money = record.currency
        return cls(
            id=ids.wire("bkg", record.id),
            kind=record.kind,
            status=status,
            valid_transitions=BOOKING.valid_transitions(status, actor=actor),
            partner_reference=record.partner_reference,
            quote_id=ids.wire("quo", record.quote_id),
            institution_id=ids.wire("ins", record.institution_id),
            institution_name=record.institution_name,
            room_type_id=ids.wire("rmt", record.room_type_id) if record.room_type_id else None,
            room_type_name=record.room_type_name,
            departure_id=ids.wire("dep", record.departure_id) if record.departure_id else None,
            check_in=record.check_in,
            check_out=record.check_out,
            night_count=(record.check_out - record.check_in).days,
            guest_count=record.guest_count,
            unit_count=record.unit_count,
            gender=record.gender,
            total=Money(record.total_amount, money),
            paid=Money(record.paid_amount, money),
            refunded=Money(sum(r.amount for r in record.refunds if r.status == "succeeded"), money),
            lines=[LineView.of(line, money) for line in record.lines],
            schedule=[LegView.of(leg, money) for leg in record.schedule],
            payable_leg=LegName(payable.leg) if payable and open_for_payment else None,
            contact=ContactView(record.contact.name, record.contact.phone),
            guests=[GuestView(guest.name, guest.birth_year) for guest in record.guests],
            hold_expires_at=record.hold_expires_at,
            acknowledged_at=record.acknowledged_at,
            checked_in_at=record.checked_in_at,
            ended_at=record.ended_at,
            ending_reason=record.ending_reason,
            placed_at=record.placed_at,
            free_cancel=status is Status.CONFIRMED
            and cancels_free(record.free_cancel_from_at, record.free_cancel_until_at, now=now),
            free_cancel_until=record.free_cancel_until_at,
            certification=record.certification,
            payments=[PaymentView.of(payment) for payment in record.payments],
            refunds=[RefundView.of(refund) for refund in record.refunds],
            rooms=[RoomView.of(room) for room in record.rooms],
        )


class CancellationQuoteView(msgspec.Struct, frozen=True):
    """What cancelling would refund until ``expires_at``."""

    id: str
    booking_id: str
    paid: Money
    refund: Money
    fee: Money
    free_cancel: Annotated[bool, msgspec.Meta(description="The fee is nothing, since the institution was suspended.")]
    expires_at: datetime

    @classmethod
    def of(cls, offer: CancellationOffer) -> "CancellationQuoteView":
        """Show an offer to cancel."""
        return cls(
            id=ids.wire("cnq", offer.id),
            booking_id=ids.wire("bkg", offer.booking_id),
            paid=Money(offer.paid_amount),
            refund=Money(offer.refund_amount),
            fee=Money(offer.paid_amount - offer.refund_amount),
            free_cancel=offer.free_cancel,
            expires_at=offer.expires_at,
        )


class HoldView(msgspec.Struct, frozen=True):
    """The new end of a hold."""

    booking_id: str
    hold_expires_at: datetime


class ImpactView(msgspec.Struct, frozen=True):
    """What revoking a certification would do now."""

    certification_id: str
    on_hold_count: int
    confirmed_count: int
    in_house_guest_count: int
    refund: Money

    @classmethod
    def of(cls, certification_id: str, impact: Impact) -> "ImpactView":
        """Show the impact of a revocation."""
        return cls(
            certification_id=certification_id,
            on_hold_count=impact.on_hold_count,
            confirmed_count=impact.confirmed_count,
            in_house_guest_count=impact.in_house_guest_count,
            refund=Money(impact.refund_amount),
        )
