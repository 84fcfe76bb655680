"""What finance people are told of the books, by mail: that the provider's and ours differ, and where to look."""

from datetime import date, datetime
from uuid import UUID

from marketplace.identity import queries as identities
from marketplace.kit.crypto import vault
from marketplace.messaging.operations.writing import write
from marketplace.messaging.rules import Fact


async def tell_of_unexplained_movement(*, entry_id: UUID, amount: int, now: datetime) -> None:
    """Write that money has moved at the provider and nobody knows why."""
    await _tell("movement_unexplained", str(entry_id), {"movement": str(entry_id), "amount": amount}, now=now)


async def tell_of_disagreement(*, verified_on: date, finding_count: int, now: datetime) -> None:
    """Write that the daily proof of the books has failed."""
    facts: dict[str, Fact] = {"verified_on": verified_on, "finding_count": finding_count}
    await _tell("books_disagree", verified_on.isoformat(), facts, now=now)


async def _tell(template: str, occasion: str, facts: dict[str, Fact], *, now: datetime) -> None:
    for email in await identities.finance_emails():
        reader = vault().blind_index(email).hex()
        await write(template=template, to=email, facts=facts, dedupe=f"{template}:{occasion}:{reader}", now=now)
