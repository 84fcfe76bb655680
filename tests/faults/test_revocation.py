"""A revocation whose hands are killed while they work: every booking has one outcome, and doing it again changes nothing."""

import asyncio
import os
import random
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from marketplace.bookings import operations, queries
from marketplace.certifications import queries as certifications
from marketplace.kit import clock
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse
from marketplace.payments.rules import RefundReason
from seed import procedure
from seed.logins import DEMO
from seed.telling import Caller, Story, persistent, until
from tests.faults.nemesis import ROUGH, turn
from tests.support.system import System

FULL = os.environ.get("FAULTS") == "full"
BOOKINGS = 500 if FULL else 8
PATIENCE_S = 90.0 + BOOKINGS
PAID = {"method": "card", "outcome": "succeed"}
# Stays of five nights, one after the other, within the time for which everybody sells and is certified.
SLOTS = 40

pytestmark = pytest.mark.timeout(900)


async def confirmed(story: Story, partners: list[Caller], institution_id: str) -> list[str]:
    """Book and pay stays at one institution, on many nights and in many rooms."""
    listed = await story.all("/v1/institutions", limit=100)
    rooms = next(one["room_types"] for one in listed if one["id"] == institution_id)
    today = local_date(datetime.fromisoformat((await story.get("/_dev/clock"))["now"]))
    found = []
    for number in range(BOOKINGS):
        partner, first = partners[number % len(partners)], today + timedelta(days=20 + 5 * (number % SLOTS))
        wish = {"check_in": first.isoformat(), "check_out": (first + timedelta(days=5)).isoformat(), "guest_count": 1}
        for room in rooms[number // SLOTS % len(rooms) :] + rooms:
            offer = await partner.send("/v1/quotes", wish | {"room_type_id": room["id"]})
            if offer.status_code == 201:
                break
        booking = await story.book(partner, offer.json())
        body = {"leg": booking["payable_leg"], "method": "card"}
        page = await partner.post(f"/v1/bookings/{booking['id']}/payments", body, key=uuid4().hex)
        paid = await persistent(lambda url=page["checkout_url"]: story.http.post(url, data=PAID))
        assert paid.status_code == 303
        found.append(booking["id"])
        if len(found) % 50 == 0 or len(found) == BOOKINGS:
            # A partner may have only so many unpaid holds at once.
            await until(lambda: _unconfirmed(found), lambda left: left == 0, "all are confirmed", patience_s=PATIENCE_S)
    return found


async def _unconfirmed(booking_ids: list[str]) -> int:
    ids = [parse("bkg", booking_id) for booking_id in booking_ids]
    return await fetch_value("SELECT count(*) FROM bookings WHERE id = ANY($1) AND status <> 'confirmed'", ids)


async def test_a_revocation_that_is_killed_at_random_leaves_each_booking_with_one_outcome(
    system: System, look: None
) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partners = [await story.partner(login) for login in DEMO.partners]
        provincial = [login for login in DEMO.officers if login.level == "province"]
        first, second = [await story.officer(login) for login in provincial[:2]]
        certification = (await first.get("/v1/certifications", limit=100))["items"][-1]
        booked = await confirmed(story, partners, certification["institution_id"])
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
        for _ in range(6 if FULL else 2):
            await asyncio.to_thread(system.kill, dice.choice(["worker", "postgres", "api"]))
        await turn(system)

    ids = [parse("bkg", booking_id) for booking_id in booked]
    await until(lambda: _open(ids), lambda left: left == [], "every booking has its outcome", patience_s=PATIENCE_S)
    # Nothing of this is left for the next test to wait for.
    await until(_unapplied, lambda left: left == 0, "every event of the refunds is applied", patience_s=PATIENCE_S)
    before = await _outcomes(ids)
    assert {(row["status"], row["paid"] == row["back"]) for row in before} == {("cancelled", True)}
    for booking_id in [*ids, *await queries.displaced()]:
        await operations.settle_displaced(booking_id=booking_id, now=clock.now())
    assert await _outcomes(ids) == before
    assert await fetch_value("SELECT count(*) FROM outbox WHERE state = 'dead'") == 0


async def _unapplied() -> int:
    return await fetch_value("SELECT count(*) FROM provider_events WHERE applied_at IS NULL")


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
