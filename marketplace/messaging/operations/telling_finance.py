"""What the platform's finance people are told, by mail: each occasion once, ids and amounts, no name of a guest."""

from datetime import date, datetime
from uuid import UUID

from marketplace.identity import queries as identities
from marketplace.kit.crypto import vault
from marketplace.kit.ids import wire
from marketplace.messaging.operations.writing import write
from marketplace.messaging.rules import Fact


async def tell_of_refund_by_hand(*, refund_id: UUID, booking_id: UUID, amount: int, now: datetime) -> None:
    """Write that a refund waits for two people and a bank."""
    facts: dict[str, Fact] = {"refund": wire("ref", refund_id), "booking": wire("bkg", booking_id), "amount": amount}
    await _tell("refund_by_hand", str(refund_id), facts, now=now)


async def tell_of_transfer_owed(*, reversal_id: UUID, institution_id: UUID, amount: int, now: datetime) -> None:
    """Write that an institution no longer has what it must give back."""
    facts: dict[str, Fact] = {"institution": wire("ins", institution_id), "amount": amount}
    await _tell("transfer_owed", str(reversal_id), facts, now=now)


async def tell_of_old_hold(*, booking_id: UUID, amount: int, now: datetime) -> None:
    """Write that money has been held for too long."""
    facts: dict[str, Fact] = {"booking": wire("bkg", booking_id), "amount": amount}
    await _tell("hold_too_old", str(booking_id), facts, now=now)


async def tell_of_dispute(*, dispute_id: UUID, payment_id: UUID, booking_id: UUID, amount: int, now: datetime) -> None:
    """Write that a payer's bank has taken money back, and that there is a time to answer."""
    facts = _disputed(payment_id, booking_id, amount)
    await _tell("dispute_opened", str(dispute_id), facts, now=now)


async def tell_of_decided_dispute(  # noqa: PLR0913 - what was decided is these facts, each named by the message.
    *, dispute_id: UUID, payment_id: UUID, booking_id: UUID, amount: int, won: bool, now: datetime
) -> None:
    """Write what a bank has decided."""
    facts = _disputed(payment_id, booking_id, amount) | {"outcome": "我方胜诉 won" if won else "我方败诉 lost"}
    await _tell("dispute_decided", str(dispute_id), facts, now=now)


async def tell_of_unexplained_movement(*, entry_id: UUID, amount: int, now: datetime) -> None:
    """Write that money has moved at the provider and nobody knows why."""
    await _tell("movement_unexplained", str(entry_id), {"movement": str(entry_id), "amount": amount}, now=now)


async def tell_of_disagreement(*, verified_on: date, finding_count: int, now: datetime) -> None:
    """Write that the daily proof of the books has failed."""
    facts: dict[str, Fact] = {"verified_on": verified_on, "finding_count": finding_count}
    await _tell("books_disagree", verified_on.isoformat(), facts, now=now)


def _disputed(payment_id: UUID, booking_id: UUID, amount: int) -> dict[str, Fact]:
    return {"payment": wire("pay", payment_id), "booking": wire("bkg", booking_id), "amount": amount}


async def _tell(template: str, occasion: str, facts: dict[str, Fact], *, now: datetime) -> None:
    for email in await identities.finance_emails():
        reader = vault().blind_index(email).hex()
        await write(template=template, to=email, facts=facts, dedupe=f"{template}:{occasion}:{reader}", now=now)
