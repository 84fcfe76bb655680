"""A certified institution to price stays of."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from marketplace.identity.rules import Principal
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.ids import new_id
from marketplace.pricing import operations
from marketplace.pricing.rules import Promotion, Quote, Supplements
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
                hold_until=facts.get("hold_until"),
            )

    async def publish(self, *, ability_level_max: int = 3) -> None:
        """Say whom the house cares for."""
        await db.execute(
            "INSERT INTO listings (institution_id, summary, summary_en, services, languages, barrier_free,"
            " ability_level_min, ability_level_max, published_at) VALUES ($1, '静', 'Quiet', '{}', '{}', '{}', 0, $2, $3)",
            self.id,
            ability_level_max,
            self.now,
        )

    async def set_plan(self, *, actor: Actor = SYSTEM, first: int = 0, **facts) -> None:
        await operations.set_rate_plan(
            actor=actor,
            institution_id=facts.pop("institution_id", self.id),
            effective_from_on=self.day(first),
            length_of_stay=facts.pop("length_of_stay", ()),
            early_booking=facts.pop("early_booking", ()),
            now=facts.pop("now", self.now),
            supplements=Supplements(**facts),
        )

    async def promote(self, code: str = "SUMMER27", **facts) -> Promotion:
        defaults = {"discount_bps": 1_000} if "discount_amount" not in facts else {}
        return await operations.create_promotion(
            actor=facts.pop("actor", SYSTEM),
            institution_id=facts.pop("institution_id", self.id),
            code=code,
            name_zh="避暑早订",
            name_en="Early summer",
            valid_from_on=self.day(facts.pop("first", 0)),
            valid_until_on=self.day(facts.pop("end", 30)),
            now=self.now,
            **defaults | facts,
        )

    def staff(self, institution_id: UUID | None = None) -> Principal:
        return Principal(kind="institution", id=new_id(), session_id=new_id(), institution_id=institution_id or self.id)


@pytest.fixture
async def house(database) -> PricedHouse:
    priced = PricedHouse()
    await priced.plant()
    return priced


@pytest.fixture
async def committed_house(committed) -> PricedHouse:
    priced = PricedHouse()
    await priced.plant()
    return priced
