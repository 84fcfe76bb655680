"""Finding what an earlier try left at the provider."""

from datetime import timedelta

from marketplace.payments.gateway import gateway
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import KEY_TRUST, Started

# Our clock and the provider's may differ by this much, and a request may be this long on its way.
_SLACK = timedelta(minutes=5)


async def locate_session(payment: PaymentRow) -> str | None:
    """Return the payment's session at the provider: the stored one, or the one that a crashed attempt made."""
    if payment.provider_session_id is not None:
        return payment.provider_session_id
    found = await find_session(payment)
    return found.session_id if found else None


async def find_session(payment: PaymentRow) -> Started | None:
    """Look through the sessions of the attempt's time for the one that carries our payment id."""
    if payment.attempted_at is None:
        return None
    return await gateway().find_payment(
        payment_id=payment.id,
        since=payment.attempted_at - _SLACK,
        until=payment.attempted_at + KEY_TRUST + _SLACK,
    )
