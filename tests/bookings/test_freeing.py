"""R03: a suspension lets every guest who is still to come cancel free of charge, and each of them is told."""

from datetime import timedelta

import pytest

from marketplace.bookings import operations
from marketplace.bookings.rules import cancels_free
from marketplace.certifications import operations as certifications
from marketplace.identity.operations import open_session
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value, transaction
from marketplace.kit.ids import parse
from tests.support.world import Caller, World, read
from workers.handling import drain

LATE = timedelta(days=18)  # Two days before the stay, when cancelling costs something.


async def again(world: World, caller: Caller) -> Caller:
    """Sign in once more: sessions do not last for weeks."""
    async with transaction():
        session = await open_session(kind=caller.principal.kind, holder_id=caller.principal.id, now=clock.now())
    return Caller(session=session, client=world.client)


async def suspended(world: World) -> None:
    officer = await world.officer()
    await certifications.suspend(
        certification_id=world.certification_id, reason="消防隐患", actor=officer.principal, now=clock.now()
    )


async def reinstated(world: World) -> None:
    officer = await world.officer()
    await certifications.reinstate(
        certification_id=world.certification_id, reason="隐患消除", actor=officer.principal, now=clock.now()
    )


async def told() -> list[str]:
    rows = await fetch("SELECT template FROM messages WHERE template LIKE 'free_%' ORDER BY id")
    return [row["template"] for row in rows]


async def quoted(caller, booking: dict) -> dict:
    return (await caller.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()


async def test_a_suspension_makes_cancelling_free_for_families_and_partners_and_tells_them_once(
    world: World, confirm
) -> None:
    family, partner = await world.family(), await world.partner()
    placed = [await confirm(caller, first=20) for caller in (family, partner)]
    clock.travel(LATE)
    bookings = [
        (await again(world, caller), booking) for caller, booking in zip((family, partner), placed, strict=True)
    ]
    family = bookings[0][0]
    before = await quoted(family, placed[0])
    assert before["fee"]["amount"] > 0
    assert before["free_cancel"] is False
    await suspended(world)

    await drain(now=clock.now())
    assert await operations.offer_missed_free_cancellations(now=clock.now()) == 0
    assert await told() == ["free_cancellation_offered"] * 2
    offered = await fetch("SELECT partner_id FROM outbox WHERE kind = 'booking.free_cancellation_offered'")
    assert {row["partner_id"] for row in offered} == {None, partner.principal.id}
    # What a quote promised before is not held against the guest.
    body = {"cancellation_quote_id": before["id"]}
    stale = await family.post(f"/v1/bookings/{placed[0]['id']}/cancellation", body, key="stale")
    assert (stale.status_code, stale.json()["code"]) == (409, "cancellation_quote_expired")
    for caller, booking in bookings:
        shown = await read(caller, booking)
        assert (shown["status"], shown["free_cancel"], shown["free_cancel_until"]) == ("confirmed", True, None)
        quote = await quoted(caller, booking)
        assert (quote["fee"]["amount"], quote["refund"], quote["free_cancel"]) == (0, booking["paid"], True)
        answer = await caller.post(
            f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key="free"
        )
        assert (answer.status_code, answer.json()["free_cancel"]) == (200, False)
        refunds = {refund["reason"]: refund["amount"] for refund in answer.json()["refunds"]}
        # The institution's suspension is its cause: it also owes the interest that the money would have borne (R18).
        assert refunds.keys() == {"cancellation", "interest"}
        assert refunds["cancellation"] == booking["paid"]


async def test_after_a_reinstatement_the_right_lasts_some_days_more(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family, first=29)
    clock.travel(timedelta(days=2))
    await suspended(world)
    await drain(now=clock.now())
    await reinstated(world)
    await drain(now=clock.now())
    assert await operations.limit_free_cancellations(institution_id=world.institution_id, now=clock.now()) == 0
    assert await told() == ["free_cancellation_offered", "free_cancellation_limited"]
    until = await fetch_value("SELECT free_cancel_until_at FROM bookings WHERE id = $1", parse("bkg", booking["id"]))
    # Seven days after it, and with the next working day where the last one is off.
    assert timedelta(days=7) <= until - clock.now() <= timedelta(days=17)
    assert (await read(family, booking))["free_cancel"] is True
    clock.travel(until - clock.now() + timedelta(days=2))
    assert (await read(family, booking))["free_cancel"] is False
    # Another suspension gives the right anew, and says so again.
    await suspended(world)
    await drain(now=clock.now())
    assert (await read(family, booking))["free_cancel"] is True
    assert len(await told()) == 3


async def test_what_nobody_reacted_to_is_made_up_and_a_lifted_suspension_gives_nothing(world: World, confirm) -> None:
    booking = await confirm(await world.family())
    await suspended(world)
    await reinstated(world)
    assert await operations.offer_missed_free_cancellations(now=clock.now()) == 0
    await suspended(world)
    assert await operations.offer_missed_free_cancellations(now=clock.now()) == 1
    assert await operations.offer_missed_free_cancellations(now=clock.now()) == 0
    assert (
        await fetch_value("SELECT free_cancel_from_at FROM bookings WHERE id = $1", parse("bkg", booking["id"]))
        is not None
    )


@pytest.mark.parametrize(
    ("start", "end", "free"), [(None, None, False), (0, None, True), (0, 5, True), (0, 4, False), (0, 3, False)]
)
def test_when_cancelling_is_free(start, end, free) -> None:
    base = clock.now()
    day = [base + timedelta(days=n) for n in range(6)]
    found = cancels_free(
        None if start is None else day[start], None if end is None else day[end], now=base + timedelta(days=4)
    )
    assert found is free
