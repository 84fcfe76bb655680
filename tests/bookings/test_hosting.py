from datetime import timedelta

from marketplace.kit import clock
from tests.support.world import World, hold, read


async def test_an_institution_acknowledges_receives_and_sees_off_its_guests(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    booking = await confirm(family, first=10, nights=14)

    acknowledged = await staff.post(f"/v1/bookings/{booking['id']}/acknowledgement")
    again = await staff.post(f"/v1/bookings/{booking['id']}/acknowledgement")
    early = await staff.post(f"/v1/bookings/{booking['id']}/check-in")
    clock.travel(timedelta(days=10))
    world.now = clock.now()
    staff = await world.staff()
    arrived = await staff.post(f"/v1/bookings/{booking['id']}/check-in")
    left = await staff.post(f"/v1/bookings/{booking['id']}/check-out")

    assert acknowledged.json()["acknowledged_at"] is not None
    assert again.json()["acknowledged_at"] == acknowledged.json()["acknowledged_at"]
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    assert (arrived.status_code, arrived.json()["status"]) == (200, "checked_in")
    assert (left.status_code, left.json()["status"]) == (200, "completed")
    assert (await read(family, booking))["status"] == "completed"


async def test_a_stay_that_is_not_paid_in_full_does_not_begin(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    clock.travel(timedelta(days=40))
    world.now = clock.now()
    staff = await world.staff()

    answer = await staff.post(f"/v1/bookings/{booking['id']}/check-in")

    assert (answer.status_code, answer.json()["code"]) == (409, "balance_unpaid")


async def test_the_front_desk_sees_who_arrives(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    soon, later = await confirm(family, first=3, nights=14), await confirm(family, first=40)

    week = await staff.get("/v1/arrivals")
    month = await staff.get("/v1/arrivals", params={"from": world.day(30).isoformat(), "to": world.day(60).isoformat()})
    absurd = await staff.get("/v1/arrivals", params={"from": world.day(30).isoformat(), "to": world.day(3).isoformat()})

    assert [item["id"] for item in week.json()["items"]] == [soon["id"]]
    assert week.json()["items"][0]["guests"][0]["name"] == "王秀英"
    assert [item["id"] for item in month.json()["items"]] == [later["id"]]
    assert (absurd.status_code, absurd.json()["code"]) == (422, "validation_failed")


async def test_a_hold_is_not_the_institutions_affair_and_foreign_bookings_do_not_exist(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    other_house = await world.add_institution("别处旅居（示例）")
    stranger = await world.staff(other_house)
    held, confirmed = await hold(world, family), await confirm(family)

    assert (await staff.get(f"/v1/bookings/{held['id']}")).status_code == 404
    assert (await staff.get(f"/v1/bookings/{confirmed['id']}")).status_code == 200
    assert (await stranger.get(f"/v1/bookings/{confirmed['id']}")).status_code == 404
    for step in ("acknowledgement", "check-in", "check-out"):
        assert (await stranger.post(f"/v1/bookings/{confirmed['id']}/{step}")).status_code == 404
