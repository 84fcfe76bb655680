"""The platform's finance people: told once, and always two."""

from datetime import timedelta

import pytest

from marketplace.kit import clock
from marketplace.kit.db import execute, fetch
from marketplace.kit.ids import new_id, wire
from marketplace.ledger.rules import Account
from marketplace.messaging import operations as messaging
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.settlement import operations, queries
from tests.support.books import transfers_of

BANK = {"bank_reference": "CMB-20270701-0007"}
REASON = "撤销前已完成的服务，核对无误"


@pytest.fixture
async def people(house):
    return await house.world.finance(), await house.world.finance()


async def test_two_people_pay_a_refund_by_bank_through_the_routes(house, people, balance):
    proposer, approver = people
    booking_id = await house.paid_stay()
    (paid,) = (await payment_queries.payments_of([booking_id]))[booking_id]
    refund_id = await payments.request_interest(
        payment_id=paid.id, principal_amount=280_000, year_bps=300, dedupe="x", now=clock.now() + timedelta(days=365)
    )
    path = f"/v1/refund-tasks/{wire('ref', refund_id)}"
    (task,) = (await proposer.get("/v1/refund-tasks")).json()["items"]
    assert (task["amount"]["amount"], task["cause"], task["proposed_by"]) == (8_400, "interest", None)

    early = await approver.post(f"{path}/approval", BANK)
    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    proposed = (await proposer.post(f"{path}/proposal", BANK)).json()
    assert (proposed["proposed_by"], proposed["bank_reference"]) == (
        wire("stf", proposer.principal.id),
        BANK["bank_reference"],
    )
    alone = await proposer.post(f"{path}/approval", BANK)
    assert (alone.status_code, alone.json()["code"]) == (409, "approved_by_self")
    other = await approver.post(f"{path}/approval", {"bank_reference": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "illegal_transition")
    assert await balance(Account.REFUND_PENDING) == -8_400

    assert (await approver.post(f"{path}/approval", BANK)).status_code == 200
    assert (await proposer.get("/v1/refund-tasks")).json()["items"] == []
    assert await balance(Account.REFUND_PENDING) == 0
    assert await balance(Account.BANK) == -8_400
    assert await house.owed() == (0, 8_400)
    unknown = await approver.post(f"/v1/refund-tasks/{wire('ref', new_id())}/approval", BANK)
    assert unknown.status_code == 404


async def test_two_people_release_what_a_suspension_froze_and_nothing_else(house):
    account = await house.become_payee()
    booking_id = await house.served()
    first = await house.world.finance()
    assert (await first.get("/v1/frozen-transfers")).json()["items"] == []
    nothing = {"institution_id": wire("ins", house.world.institution_id), "reason": REASON}
    refused = await first.post("/v1/transfer-releases", nothing)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_frozen")

    await house.world.suspend()
    await house.pass_days(3)
    first, second = await house.world.finance(), await house.world.finance()
    (frozen,) = (await first.get("/v1/frozen-transfers")).json()["items"]
    assert (frozen["standing"], frozen["transfer_count"], frozen["amount"]["amount"]) == ("suspended", 1, 246_400)
    release = (await first.post("/v1/transfer-releases", nothing)).json()
    path = f"/v1/transfer-releases/{release['id']}/approval"
    alone = await first.post(path)
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person_required")
    (waiting,) = await house.send(booking_id)
    assert waiting.status == "planned"

    approved = (await second.post(path)).json()
    assert approved["approved_by"] == wire("stf", second.principal.id)
    assert (await second.post(path)).json()["code"] == "illegal_transition"
    (sent,) = await house.send(booking_id)
    assert (sent.status, await house.has(account)) == ("succeeded", 246_400)
    assert [row["id"] for row in (await first.get("/v1/transfer-releases")).json()["items"]] == [release["id"]]


async def test_what_has_changed_since_it_was_asked_for_is_not_released(house):
    booking_id = await house.served()
    await house.world.suspend()
    first, second = await house.world.finance(), await house.world.finance()
    body = {"institution_id": wire("ins", house.world.institution_id), "reason": REASON}
    release = (await first.post("/v1/transfer-releases", body)).json()
    await operations.give_credit(
        booking_id=booking_id, credit_id=new_id(), amount=1_000, actor=first.principal, now=clock.now()
    )
    refused = await second.post(f"/v1/transfer-releases/{release['id']}/approval")
    assert (refused.status_code, refused.json()["code"]) == (409, "release_changed")
    assert [row.release_id for row in await transfers_of(booking_id)] == [None]
    assert (await queries.releases(after=None, limit=5))[0].approved_at is None


async def test_the_database_refuses_one_person_in_both_places(house):
    import asyncpg

    from marketplace.kit.db import transaction

    with pytest.raises(asyncpg.CheckViolationError, match="transfer_releases_two_people"):
        async with transaction():
            await execute(
                "INSERT INTO transfer_releases (id, institution_id, amount, currency, transfers_hash, reason, requested_by,"
                " requested_at, expires_at, approved_by, approved_at)"
                " VALUES ($1, $2, 1, 'CNY', '', '核对', $1, now(), now(), $1, now())",
                new_id(),
                house.world.institution_id,
            )


async def test_finance_people_are_told_once_of_everything_that_waits_for_them(house, people):
    ids = {name: new_id() for name in ("refund_id", "booking_id", "reversal_id", "payment_id", "dispute_id")}
    ids["institution_id"] = house.world.institution_id
    booking = {"booking_id": ids["booking_id"], "amount": 12_345, "now": clock.now()}
    disputed = {**booking, "dispute_id": ids["dispute_id"], "payment_id": ids["payment_id"]}
    owed = {name: ids[name] for name in ("reversal_id", "institution_id")} | {"amount": 12_345, "now": clock.now()}
    for _ in range(2):
        await messaging.tell_of_refund_by_hand(refund_id=ids["refund_id"], **booking)
        await messaging.tell_of_transfer_owed(**owed)
        await messaging.tell_of_old_hold(**booking)
        await messaging.tell_of_dispute(**disputed)
        await messaging.tell_of_decided_dispute(**disputed, won=False)
    rows = await fetch("SELECT template, count(*) AS count FROM messages GROUP BY 1 ORDER BY 1")
    assert {row["template"]: row["count"] for row in rows} == dict.fromkeys(
        ("dispute_decided", "dispute_opened", "hold_too_old", "refund_by_hand", "transfer_owed"), len(people)
    )
