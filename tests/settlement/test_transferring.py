"""Transfers: when their day has come, to whom may be paid, once, and never while the institution is suspended."""

from datetime import timedelta

import pytest

from marketplace.kit import clock
from marketplace.kit.ids import wire
from marketplace.ledger.rules import Account
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.settlement import operations, queries
from tests.support.books import transfers_of


async def test_an_institution_is_paid_three_days_after_check_in(house, balance, sandbox):
    account = await house.become_payee()
    booking_id = await house.served()
    (early,) = await house.send(booking_id)
    assert (early.status, await house.has(account)) == ("planned", 0)

    await house.pass_days(3)
    (sent,) = await house.send(booking_id)
    (again,) = await house.send(booking_id)

    assert (sent.status, sent.amount, again.provider_transfer_id) == ("succeeded", 246_400, sent.provider_transfer_id)
    assert await house.has(account) == 246_400
    assert await house.owed() == (0, 0)
    listed = [one for one in await sandbox.list("/v1/transfers") if one["destination"] == account]
    assert [(one["amount"], one["transfer_group"], set(one["metadata"])) for one in listed] == [
        (246_400, wire("bkg", booking_id), {"transfer_id"})
    ]


async def test_a_lost_answer_moves_the_money_once(house, sandbox):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(Exception, match=r"."):
        await house.send(booking_id)
    await sandbox.control("chaos", {"lose_response_rate": 0.0})
    (lost,) = await transfers_of(booking_id)
    assert (lost.status, await house.has(account)) == ("submitted", 246_400)
    (found,) = await house.send(booking_id)
    assert (found.status, await house.has(account)) == ("succeeded", 246_400)


async def test_an_answer_lost_for_more_than_a_day_is_looked_up_first(house, sandbox):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(Exception, match=r"."):
        await house.send(booking_id)
    await sandbox.control("chaos", {"lose_response_rate": 0.0})
    await house.pass_days(2)
    (found,) = await house.send(booking_id)
    assert (found.status, await house.has(account)) == ("succeeded", 246_400)


async def test_nothing_is_sent_while_the_institution_is_suspended(house, world):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await world.suspend()
    (frozen,) = await house.send(booking_id)
    assert (frozen.status, await house.has(account), await house.owed()) == ("planned", 0, (246_400, 0))

    officer = await world.officer()
    reinstated = await officer.post(
        f"/v1/certifications/{wire('crt', world.certification_id)}/reinstatement", {"reason": "隐患已消除，恢复"}
    )
    assert reinstated.status_code == 200
    await operations.resume(institution_id=world.institution_id, now=clock.now())
    (sent,) = await house.send(booking_id)
    assert (sent.status, await house.has(account)) == ("succeeded", 246_400)


async def test_money_waits_for_who_is_no_payee_yet(house):
    booking_id = await house.served()
    await house.pass_days(3)
    await operations.submit_due(now=clock.now())
    assert [row.status for row in await transfers_of(booking_id)] == ["planned"]
    account = await house.become_payee()
    await operations.submit_due(now=clock.now())
    assert [row.status for row in await transfers_of(booking_id)] == ["succeeded"]
    assert await house.has(account) == 246_400


async def test_a_payee_that_the_provider_restricts_is_tried_again_when_it_is_not(house, sandbox, world):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await sandbox.control(f"accounts/{account}/restrict", {})
    (refused,) = await house.send(booking_id)
    assert (refused.status, refused.failure_code, refused.attempt) == (
        "planned",
        "insufficient_capabilities_for_transfer",
        2,
    )
    assert (await queries.payee(world.institution_id, now=clock.now())).status == "restricted"
    await sandbox.control(f"accounts/{account}/onboard", {})
    await operations.refresh_payees(now=clock.now())
    await operations.submit_due(now=clock.now())
    (sent,) = await transfers_of(booking_id)
    assert (sent.status, await house.has(account)) == ("succeeded", 246_400)


async def test_the_console_shows_who_is_paid_and_what(house, world):
    staff = await world.staff()
    before = (await staff.get("/v1/payee")).json()
    assert (before["status"], before["commission_bps"], before["payable"]["amount"]) == ("pending", 1_200, 0)
    await house.become_payee()
    booking_id = await house.served()
    staff = await world.staff()
    shown = (await staff.get("/v1/payee")).json()
    assert (shown["status"], shown["payable"]["amount"], shown["receivable"]["amount"]) == ("active", 246_400, 0)
    listed = (await staff.get("/v1/transfers")).json()["items"]
    assert [(one["booking_id"], one["amount"]["amount"], one["status"]) for one in listed] == [
        (wire("bkg", booking_id), 246_400, "planned")
    ]
    stranger = await world.staff(await world.add_institution("别处旅居（示例）"))
    assert (await stranger.get("/v1/transfers")).json()["items"] == []


async def test_onboarding_again_is_the_same_account(house, world, sandbox):
    account = await house.become_payee()
    assert await house.become_payee() == account
    found = [one for one in await sandbox.list("/v1/accounts") if one["id"] == account]
    assert found[0]["metadata"] == {"institution_id": wire("ins", world.institution_id)}


async def test_our_balance_is_paid_out_by_hand(house):
    assert await operations.check_payout_schedule(now=clock.now()) is True


async def test_money_held_for_eighty_days_is_reported_once(house, world, balance):
    from marketplace.kit.db import fetch_value

    booking_id = await house.paid_stay(nights=3, first=29)
    assert await operations.alarm_old_holds(now=clock.now() + timedelta(days=79)) == 0
    late = clock.now() + timedelta(days=80, minutes=1)
    assert await operations.alarm_old_holds(now=late) == 1
    assert await operations.alarm_old_holds(now=late) == 1
    assert await fetch_value("SELECT count(*) FROM outbox WHERE kind = 'hold.too_old'") == 1
    assert await balance(Account.CUSTOMER_HELD, booking_id) == -60_000


async def test_nothing_is_sent_while_a_bank_disputes_the_bookings_money(house, sandbox):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    (payment,) = (await payment_queries.payments_of([booking_id]))[booking_id]
    charges = [one for one in await sandbox.list("/v1/charges") if one["payment_intent"] == payment.provider_intent_id]
    disputed = await sandbox.control(f"charges/{charges[0]['id']}/dispute", {})
    await payments.apply_disputes(now=clock.now())
    (frozen,) = await house.send(booking_id)
    assert (frozen.status, await house.has(account)) == ("planned", 0)
    await sandbox.control(f"disputes/{disputed['id']}/win", {})
    await payments.apply_disputes(now=clock.now())
    (sent,) = await house.send(booking_id)
    assert (sent.status, await house.has(account)) == ("succeeded", 246_400)
