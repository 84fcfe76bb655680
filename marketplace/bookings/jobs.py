"""Orders that bookings leave for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class ExpireHold(Job, frozen=True, kw_only=True):
    """End a hold whose time is up, if it still is one."""

    kind = "bookings.expire_hold"

    booking_id: UUID
