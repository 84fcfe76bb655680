"""A certified institution to price stays of."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from marketplace.identity.rules import Principal
from marketplace.kit import db
from marketplace.kit.ids import new_id
from marketplace.pricing import operations
from marketplace.pricing.rules import Quote
from tests.support.house import House


def family() -> Principal:
    return Principal(kind="family", id=new_id(), session_id=new_id())


@dataclass
class PricedHouse(House):
    """A house and a family that asks for its prices."""

    family: Principal = field(default_factory=family)

    async def quote(self, room_type_id: UUID, first: int, end: int, **facts) -> Quote:
        return await operations.quote_stay(
            principal=facts.pop("principal", self.family),
            room_type_id=room_type_id,
            check_in=self.day(first),
            check_out=self.day(end),
            guest_count=facts.pop("guest_count", 2),
            now=facts.pop("now", self.now),
            **facts,
        )

    async def claim(self, quote_id: UUID, **facts) -> Quote:
        async with db.transaction():
            return await operations.claim(
                quote_id=quote_id,
                booking_id=facts.get("booking_id") or new_id(),
                principal=facts.get("principal", self.family),
                now=facts.get("now", self.now),
                lines=facts.get("lines"),
            )


@pytest.fixture
async def house(database) -> PricedHouse:
    priced = PricedHouse()
    await priced.plant()
    return priced
