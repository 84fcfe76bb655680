"""Comparing everything that is taken with everybody it is taken for: silence when it is right, a name when it is not."""

import json
from datetime import timedelta

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from marketplace.bookings import operations
from marketplace.bookings.operations import verifying
from marketplace.bookings.rules import HOLD
from marketplace.inventory.rules import Drift
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.ids import parse, wire
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.commands import run, run_here
from tests.support.world import World, build, hold
from tests.tours.conftest import DRAFT


async def facts(world: World) -> list[tuple]:
    return [
        (drift.night, drift.fact, drift.expected, drift.found)
        for drift in await operations.verify_inventory(now=world.now)
    ]


async def depart(world: World) -> None:
    tour_id = await tours.publish_tour(draft=DRAFT, actor=SYSTEM, now=world.now)
    draft = DepartureDraft(
        tour_id=tour_id,
        check_in=world.day(100),
        check_out=world.day(104),
        price_amount=458_000,
        group_min_count=2,
        group_max_count=2,
        blocks=(BlockWanted(room_type_id=world.room_type_id, unit_count=1),),
    )
    await tours.open_departure(draft=draft, actor=SYSTEM, now=world.now)


async def test_whatever_bookings_go_through_nothing_drifts(world: World, confirm) -> None:
    family, partner = await world.family(), await world.partner()
    await depart(world)
    await confirm(family, first=40)
    cancelled = await confirm(partner, first=80, nights=5)
    offer = await partner.post(f"/v1/bookings/{cancelled['id']}/cancellation-quotes")
    body = {"cancellation_quote_id": offer.json()["id"]}
    await partner.post(f"/v1/bookings/{cancelled['id']}/cancellation", body, key="c")
    await hold(world, family, first=80, nights=5)
    assert await facts(world) == []
    clock.travel(HOLD + timedelta(minutes=1))
    world.now = clock.now()
    # The lapsed hold is somebody else's now, and no worker has tidied it.
    await hold(world, partner, first=80, nights=5)
    await hold(world, partner, first=80, nights=5)
    assert await facts(world) == []


async def test_each_drift_is_named_logged_and_shown_to_monitoring(
    world: World, confirm, client: httpx.AsyncClient, monkeypatch
) -> None:
    booking = await confirm(await world.family(), first=40, nights=3)
    assert await facts(world) == []
    assert "marketplace_inventory_drift_count 0.0" in (await client.get("/metrics")).text
    await execute("UPDATE room_nights SET taken_count = 2 WHERE night = $1", world.day(41))

    # A logger that was used before would keep where it wrote to then.
    monkeypatch.setattr(verifying, "log", structlog.get_logger("inventory"))
    with capture_logs() as logs:
        found = await operations.verify_inventory(now=world.now)

    assert found == [
        Drift(room_type_id=world.room_type_id, night=world.day(41), fact="closed", expected=1, found=0),
        Drift(room_type_id=world.room_type_id, night=world.day(41), fact="taken_count", expected=1, found=2),
    ]
    assert [(line["log_level"], line["event"], line["fact"]) for line in logs] == [
        ("error", "inventory drifts", "closed"),
        ("error", "inventory drifts", "taken_count"),
    ]
    metrics = (await client.get("/metrics")).text
    assert "marketplace_inventory_drift_count 2.0" in metrics
    [line] = [
        one for one in metrics.splitlines() if one.startswith("marketplace_inventory_verified_timestamp_seconds ")
    ]
    assert float(line.split()[1]) == pytest.approx(world.now.timestamp())
    assert booking["status"] == "confirmed"


@pytest.mark.parametrize(
    ("fault", "drift"),
    [
        ("UPDATE bookings SET unit_count = 2", ("booking", 2, 1)),
        ("UPDATE bookings SET check_out = check_out + 1", ("booking", 1, 0)),
        ("UPDATE allocations SET expires_at = now()", ("booking", 1, 0)),
        ("UPDATE bookings SET status = 'cancelled', ended_at = now()", ("booking", 0, 1)),
    ],
)
async def test_a_booking_that_does_not_hold_what_it_should_is_named(world: World, confirm, fault, drift) -> None:
    await confirm(await world.family(), first=40, nights=3)
    await execute(fault)
    assert await facts(world) == [(world.day(40), *drift)]


async def test_a_block_without_its_units_and_units_without_their_block_are_named(world: World) -> None:
    await depart(world)
    assert await facts(world) == []
    await execute("UPDATE departure_blocks SET unit_count = 2")
    assert await facts(world) == [(world.day(100), "block", 2, 1)]
    await execute("UPDATE departure_blocks SET unit_count = 1, released_at = now()")
    assert await facts(world) == [(world.day(100), "block", 0, 1)]


async def test_verifications_are_kept_for_a_season(world: World) -> None:
    for days in (0, 89, 91):
        await operations.verify_inventory(now=world.now + timedelta(days=days))
    assert await fetch_value("SELECT count(*) FROM inventory_verifications") == 2


async def test_the_command_ends_with_1_and_names_the_drift_for_people_and_scripts(committed: str) -> None:
    world = await build()
    assert await run_here("inventory", "verify") == (0, "✔ every counter is true\n")
    await execute("UPDATE room_nights SET taken_count = 1 WHERE night = $1", world.day(3))
    code, out, log = await run("inventory", "verify", DATABASE_URL=committed)
    room_type_id, night = wire("rmt", world.room_type_id), world.day(3).isoformat()
    assert (code, out) == (1, f"✘ {room_type_id} {night}: taken_count is 1 and should be 0\ndrifts: 1\n")
    assert "inventory drifts" in log
    code, out = await run_here("inventory", "verify", "--json")
    expected = {"room_type_id": room_type_id, "night": night, "last_night": night, "fact": "taken_count", "expected": 0,
                "found": 1}  # fmt: skip
    assert (code, json.loads(out)) == (1, {"drifts": [expected]})
    await execute("UPDATE room_nights SET taken_count = 1 WHERE night BETWEEN $1 AND $2", world.day(3), world.day(92))
    _, out = await run_here("inventory", "verify")
    line = f"✘ {room_type_id} {night} to {world.day(92)}: taken_count is 1 and should be 0"
    assert out == f"{line}\ndrifts: 90\n"
    assert parse("rmt", room_type_id) == world.room_type_id
