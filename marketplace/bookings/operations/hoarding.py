"""Keeping rooms for those who need them: nobody may hold more than a few at once without paying."""

from datetime import datetime

from marketplace.bookings.errors import TooManyHolds
from marketplace.identity.rules import Kind, Principal
from marketplace.kit.db import fetch_value, require_transaction
from marketplace.settings import settings


async def ensure_may_hold(*, principal: Principal, now: datetime) -> None:
    """Refuse one more hold to who has as many as they may, and let nobody else decide the same meanwhile.

    Locks the holder until the transaction ends, so that of two holds made together one sees the other. It is taken late,
    after the quote and just before the booking: a partner's many clients wait for each other only while rows are written.
    Lapsed holds do not count, whether or not a worker has tidied them. Refuses: TooManyHolds (``holds_max``).
    """
    require_transaction()
    found = settings()
    holds_max = found.family_holds_max if principal.kind == Kind.FAMILY else found.partner_holds_max
    if await fetch_value("SELECT count_holds_alone($1, $2)", principal.id, now) >= holds_max:
        raise TooManyHolds(holds_max=holds_max)
