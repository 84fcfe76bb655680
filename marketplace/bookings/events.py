"""News of bookings, for partners and for the reactions above."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from marketplace.kit.outbox import Audience, Event


class _BookingEvent(Event, frozen=True, kw_only=True):
    audience: ClassVar[Audience] = "partner"

    booking_id: UUID
    institution_id: UUID
    partner_id: UUID | None


class BookingPlaced(_BookingEvent, frozen=True, kw_only=True):
    """A room or seats are held for a party until ``hold_expires_at``."""

    kind = "booking.placed"

    check_in: date
    check_out: date
    hold_expires_at: datetime


class BookingConfirmed(_BookingEvent, frozen=True, kw_only=True):
    """The first payment has arrived and the stay is certain."""

    kind = "booking.confirmed"

    check_in: date
    check_out: date


class BookingAcknowledged(_BookingEvent, frozen=True, kw_only=True):
    """The institution has seen the booking and is preparing for it."""

    kind = "booking.acknowledged"


class BookingExpired(_BookingEvent, frozen=True, kw_only=True):
    """The hold lapsed without payment; nothing was charged."""

    kind = "booking.expired"


class BookingCancelled(_BookingEvent, frozen=True, kw_only=True):
    """The booking has ended before the stay; ``refund_amount`` fen are on their way back."""

    kind = "booking.cancelled"

    reason: str
    refund_amount: int


class BookingDisplaced(_BookingEvent, frozen=True, kw_only=True):
    """The institution's certification was revoked; a full refund follows by itself."""

    kind = "booking.displaced"

    decision_id: UUID


class BookingFreeCancellationOffered(_BookingEvent, frozen=True, kw_only=True):
    """The institution was suspended: until further notice the booking can be cancelled and all that was paid comes back."""

    kind = "booking.free_cancellation_offered"

    offered_on: date


class BookingFreeCancellationLimited(_BookingEvent, frozen=True, kw_only=True):
    """The institution may be sold again; the booking can still be cancelled free of charge by the end of ``until_on``."""

    kind = "booking.free_cancellation_limited"

    until_on: date


class BookingCheckedIn(_BookingEvent, frozen=True, kw_only=True):
    """The guests have arrived."""

    kind = "booking.checked_in"


class BookingCompleted(_BookingEvent, frozen=True, kw_only=True):
    """The guests have left at the end of the stay."""

    kind = "booking.completed"


class PaymentArrivedLate(_BookingEvent, frozen=True, kw_only=True):
    """Money came after the room was gone; it goes back in full."""

    kind = "booking.payment_arrived_late"

    payment_id: UUID


class BookingPaymentDue(_BookingEvent, frozen=True, kw_only=True):
    """A leg is to be paid by the end of ``due_on``, or should have been: ``step`` is upcoming, overdue or final.

    A stay that has not begun is cancelled on ``until_on`` when it is still unpaid then.
    """

    kind = "booking.payment_due"

    leg: str
    number: int
    amount: int
    due_on: date
    until_on: date
    step: str


class BookingPaymentDefaulted(_BookingEvent, frozen=True, kw_only=True):
    """Guests live in the house and have not paid a leg that was due on ``due_on``, after every reminder."""

    kind = "booking.payment_defaulted"

    leg: str
    number: int
    due_on: date


class BookingChargeProposed(_BookingEvent, frozen=True, kw_only=True):
    """The institution asks for something beside the price; nothing is charged unless the guests accept it."""

    kind = "booking.charge_proposed"

    charge_id: UUID
    amount: int


class BookingChargeEnded(_BookingEvent, frozen=True, kw_only=True):
    """An extension or adjustment has ended unpaid: refused, lapsed or void. The booking stands as it was."""

    kind = "booking.charge_ended"

    charge_id: UUID
    outcome: str


class BookingExtended(_BookingEvent, frozen=True, kw_only=True):
    """Further nights are paid and certain."""

    kind = "booking.extended"

    charge_id: UUID
    check_out: date


class BookingAdjusted(_BookingEvent, frozen=True, kw_only=True):
    """Something beside the price was accepted and paid."""

    kind = "booking.adjusted"

    charge_id: UUID
    amount: int


class InHouseGuestsAffected(Event, frozen=True, kw_only=True):
    """Guests live in an institution whose certification was revoked; civil affairs must relocate them."""

    kind = "booking.in_house_guests_affected"

    booking_id: UUID
    institution_id: UUID
    decision_id: UUID
