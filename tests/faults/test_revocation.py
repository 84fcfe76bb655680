"""A revocation whose hands are killed while they work: every booking has one outcome, and doing it again changes nothing."""

import asyncio
import os
import random
from uuid import uuid4

from marketplace.bookings import operations, queries
from marketplace.certifications import queries as certifications
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse
from marketplace.payments.rules import RefundReason
from seed import procedure
from seed.logins import DEMO
from seed.telling import Caller, Story, until
from tests.faults.nemesis import ROUGH, turn
from tests.support.system import System

BOOKINGS = 60 if os.environ.get("FAULTS") == "full" else 8


async def confirmed(story: Story, partner: Caller, institution_id: str) -> list[str]:
    """Book and pay stays at one institution, each on nights of its own."""
    found = []
    for number in range(BOOKINGS):
        offer = await story.offer(partner, first=20 + number * 5, nights=5, guests=1, institution_id=institution_id)
        booking = await story.book(partner, offer)
        found.append((await story.pay(partner, booking, method="card"))["id"])
    return found


async def test_a_revocation_that_is_killed_at_random_leaves_each_booking_with_one_outcome(
    system: System, look: None
) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner = await story.partner(DEMO.partners[0])
        provincial = [login for login in DEMO.officers if login.level == "province"]
        first, second = [await story.officer(login) for login in provincial[:2]]
        certification = (await first.get("/v1/certifications", limit=100))["items"][-1]
        booked = await confirmed(story, partner, certification["institution_id"])
        officer = procedure.officer_of("province", "220000")
        found = await certifications.certification(
            principal=officer, certification_id=parse("crt", certification["id"])
        )
        await procedure.conclude_revocation(found, actor=officer, now=clock.now())
        decision = await first.post(
            f"/v1/certifications/{certification['id']}/revocation", {"reason": "故障演练（示例）"}
        )

        await turn(system, **ROUGH)
        await second.post(f"/v1/decisions/{decision['id']}/approvals", key=uuid4().hex)
        dice = random.Random(21)
        for _ in range(2):
            await asyncio.to_thread(system.kill, dice.choice(["worker", "postgres", "api"]))
        await turn(system)

    ids = [parse("bkg", booking_id) for booking_id in booked]
    await until(lambda: _open(ids), lambda left: left == [], "every booking has its outcome")
    before = await _outcomes(ids)
    assert {(row["status"], row["paid"] == row["back"]) for row in before} == {("cancelled", True)}
    for booking_id in [*ids, *await queries.displaced()]:
        await operations.settle_displaced(booking_id=booking_id, now=clock.now())
    assert await _outcomes(ids) == before
    assert await fetch_value("SELECT count(*) FROM outbox WHERE state = 'dead'") == 0


async def _open(ids: list) -> list:
    rows = await fetch(
        "SELECT id FROM bookings WHERE id = ANY($1) AND status <> 'cancelled'"
        " UNION ALL SELECT booking_id FROM refunds WHERE booking_id = ANY($1) AND status <> 'succeeded'",
        ids,
    )
    return [row["id"] for row in rows]


async def _outcomes(ids: list) -> list:
    rows = await fetch(
        "SELECT b.id, b.status, (SELECT sum(captured_amount) FROM payments p WHERE p.booking_id = b.id) AS paid,"
        " (SELECT sum(amount) FROM refunds r WHERE r.booking_id = b.id AND r.reason = $2) AS back"
        " FROM bookings b WHERE b.id = ANY($1) ORDER BY b.id",
        ids,
        RefundReason.REVOCATION.value,
    )
    return [dict(row) for row in rows]
