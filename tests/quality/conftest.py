"""Complaints and incidents are tested in the small real world of ``tests.support.world``."""

import httpx
import pytest

from marketplace.identity.rules import Level
from marketplace.kit.db import execute
from marketplace.kit.ids import parse
from tests.support.world import Caller, World, build, hold

# 二道白河 is of the 长白山 administration, which has the standing of a prefecture.
PREFECTURE = "changbaishan"


@pytest.fixture
async def world(client: httpx.AsyncClient) -> World:
    return await build(client=client, units=9)


@pytest.fixture
async def family(world: World) -> Caller:
    return await world.family()


@pytest.fixture
async def staff(world: World) -> Caller:
    return await world.staff()


@pytest.fixture
async def officer(world: World) -> Caller:
    return await world.officer(Level.PREFECTURE, PREFECTURE)


@pytest.fixture
def confirmed(world: World):
    """Hold a stay and have it confirmed; how that comes about is proved elsewhere."""

    async def confirming(guest: Caller) -> str:
        booking = await hold(world, guest)
        await execute(
            "UPDATE bookings SET status = 'confirmed', hold_expires_at = NULL, first_paid_at = placed_at,"
            " paid_amount = 120000 WHERE id = $1",
            parse("bkg", booking["id"]),
        )
        return booking["id"]

    return confirming
