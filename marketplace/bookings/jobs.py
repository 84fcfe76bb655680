"""Orders that bookings leave for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class ChaseLeg(Job, frozen=True, kw_only=True):
    """Take one step for a leg that should be paid by now, if it still is not."""

    kind = "bookings.chase"

    booking_id: UUID
    leg: str
    number: int
    step: str


class ExpireHold(Job, frozen=True, kw_only=True):
    """End a hold whose time is up, if it still is one."""

    kind = "bookings.expire_hold"

    booking_id: UUID


class LapseCharge(Job, frozen=True, kw_only=True):
    """End a charge that was not paid, or not agreed to, in time; nothing else of the booking changes."""

    kind = "bookings.lapse_charge"

    charge_id: UUID
