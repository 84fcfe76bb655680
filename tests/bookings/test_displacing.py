from marketplace.bookings import operations, queries
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse, wire
from tests.support.world import World, hold, read


async def request_revocation(world: World, officer) -> dict:
    await world.prepare_revocation(officer)
    answer = await officer.post(
        f"/v1/certifications/{wire('crt', world.certification_id)}/revocation",
        {"reason": "以虚假材料骗取认定，依据认定办法（示例）"},
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_a_revocation_ends_holds_displaces_bookings_and_refunds_everyone(world: World, confirm) -> None:
    family, partner = await world.family(), await world.partner()
    first, second = await world.officer(), await world.officer()
    confirmed, held = await confirm(family), await hold(world, partner)
    spare = (await family.post("/v1/quotes", world.wish(first=100))).json()
    certification = wire("crt", world.certification_id)
    impact = (await first.get(f"/v1/certifications/{certification}/impact")).json()
    decision = await request_revocation(world, first)
    no_longer_sold = await family.post("/v1/quotes", world.wish(first=150))

    approved = await second.post(f"/v1/decisions/{decision['id']}/approvals")

    assert (impact["on_hold_count"], impact["confirmed_count"], impact["refund"]["amount"]) == (1, 1, 120_000)
    assert (no_longer_sold.status_code, no_longer_sold.json()["code"]) == (409, "institution_not_bookable")
    assert (approved.status_code, approved.json()["status"]) == (201, "revoked")
    assert (await read(partner, held))["status"] == "cancelled"
    assert (await read(family, confirmed))["status"] == "displaced"
    closed = await family.post("/v1/quotes", world.wish(first=150))
    assert (closed.status_code, closed.json()["code"]) == (409, "institution_not_bookable")
    voided = await fetch_value("SELECT voided_at IS NOT NULL FROM quotes WHERE id = $1", parse("quo", spare["id"]))
    assert voided

    for _ in range(2):
        for booking_id in await queries.displaced():
            await operations.settle_displaced(booking_id=booking_id, now=clock.now())
    settled = await read(family, confirmed)
    assert settled["status"] == "cancelled"
    assert [(r["amount"], r["reason"]) for r in settled["refunds"]] == [(confirmed["paid"], "revocation")]
    assert await world.taken() == [0]
    told = [row["kind"] for row in await fetch("SELECT kind FROM outbox WHERE is_event ORDER BY published_at, id")]
    assert {"certification.revoked", "booking.displaced", "booking.cancelled"} <= set(told)


async def test_one_officer_cannot_revoke_alone(world: World, confirm) -> None:
    family, officer = await world.family(), await world.officer()
    booking = await confirm(family)
    decision = await request_revocation(world, officer)

    answer = await officer.post(f"/v1/decisions/{decision['id']}/approvals")

    assert (answer.status_code, answer.json()["code"]) == (409, "second_officer_required")
    assert (await read(family, booking))["status"] == "confirmed"
    status = await fetch_value("SELECT status FROM certifications WHERE id = $1", world.certification_id)
    assert status == "revocation_noticed"


async def test_a_revocation_is_approved_once(world: World) -> None:
    first, second, third = await world.officer(), await world.officer(), await world.officer()
    decision = await request_revocation(world, first)

    assert (await second.post(f"/v1/decisions/{decision['id']}/approvals")).status_code == 201
    again = await third.post(f"/v1/decisions/{decision['id']}/approvals")

    assert (again.status_code, again.json()["code"]) == (409, "decision_not_pending")
