"""The bench's copies are what operations wrote; the bench itself takes too long to be run with every test."""

from marketplace.inventory import queries as inventory
from marketplace.kit import clock
from marketplace.kit.db import execute, fetch_value
from tests.performance.world import differences, grow, plant


async def test_a_copied_institution_is_what_its_model_is_and_is_for_sale(committed) -> None:
    world = await plant(models=1, now=clock.now())
    told: list[int] = []
    await grow(world, to=3, progress=told.append)

    assert (world.institution_count, told) == (3, [1, 1])
    assert await fetch_value("SELECT count(*) FROM room_nights GROUP BY room_type_id HAVING count(*) < 400") is None
    assert await differences(world) == []
    assert await inventory.verify() == []

    # A difference is seen.
    await execute("UPDATE room_nights SET price_amount = price_amount + 1 WHERE night = current_date + 30")
    assert any(found.startswith("room_nights: ") for found in await differences(world))
