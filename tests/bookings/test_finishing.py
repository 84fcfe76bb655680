"""What was begun is finished, though every webhook is lost and every order comes late."""

import time
from datetime import timedelta

import pytest

from marketplace.bookings import operations, queries
from marketplace.bookings.operations import finishing
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse, wire
from marketplace.payments import gateway as gateways
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway.circuit import FAILURES_MAX, Circuit
from tests.support.world import World, hold, open_payment, read, steady
from workers.handling import drain

ROUND = timedelta(minutes=2)


class Away:
    """A provider that never answers."""

    def __getattr__(self, name: str) -> object:
        async def unavailable(*_: object, **__: object) -> None:
            raise ProviderUnavailable

        return unavailable


async def open_page(world: World, family, **wish) -> tuple[dict, dict, str]:
    booking = await hold(world, family, **wish)
    payment = await open_payment(family, booking)
    return booking, payment, payment["checkout_url"].rsplit("/", 1)[1]


async def revoke(world: World) -> None:
    first, second = await world.officer(), await world.officer()
    path = f"/v1/certifications/{wire('crt', world.certification_id)}/revocation"
    await world.prepare_revocation(first)
    decision = (await first.post(path, {"reason": "以虚假材料骗取认定，依据认定办法（示例）"})).json()
    assert (await second.post(f"/v1/decisions/{decision['id']}/approvals")).status_code == 201


async def templates() -> list[str]:
    return [row["template"] for row in await fetch("SELECT template FROM messages WHERE channel = 'sms' ORDER BY id")]


async def test_a_payment_of_which_no_news_came_is_found_by_the_reconciler(world: World, sandbox) -> None:
    family = await world.family()
    booking, _, page = await open_page(world, family)
    await sandbox.pay(page)
    assert (await read(family, booking))["status"] == "on_hold"

    clock.travel(ROUND)
    await operations.reconcile(now=clock.now())

    confirmed = await read(family, booking)
    assert (confirmed["status"], confirmed["paid"]["amount"]) == ("confirmed", 120_000)
    await operations.reconcile(now=clock.now() + ROUND)
    assert steady(await read(family, booking)) == steady(confirmed)


async def test_a_refund_that_was_never_submitted_is_submitted_by_the_reconciler(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    quote = (await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    body = {"cancellation_quote_id": quote["id"]}
    await family.post(f"/v1/bookings/{booking['id']}/cancellation", body, key="cancel")
    assert [r["status"] for r in (await read(family, booking))["refunds"]] == ["requested"]

    for n in range(1, 4):
        await operations.reconcile(now=clock.now() + n * ROUND)

    [refund] = (await read(family, booking))["refunds"]
    assert (refund["status"], refund["amount"]["amount"]) == ("succeeded", 120_000)


async def test_a_displaced_booking_is_refunded_though_nobody_reacted(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    await revoke(world)
    assert (await read(family, booking))["status"] == "displaced"

    gateways.use(Away())
    await operations.reconcile(now=clock.now())

    settled = await read(family, booking)
    assert settled["status"] == "cancelled"
    assert [refund["amount"]["amount"] for refund in settled["refunds"]] == [120_000]
    assert await queries.displaced() == []


async def test_one_payment_that_cannot_be_applied_does_not_hold_up_the_next(world: World, sandbox, monkeypatch) -> None:
    family = await world.family()
    broken, broken_payment, page = await open_page(world, family)
    await sandbox.pay(page)
    sound, _, page = await open_page(world, family)
    await sandbox.pay(page)

    async def apply(*, payment_id, now) -> None:
        if payment_id == parse("pay", broken_payment["id"]):
            raise LookupError
        await operations.apply_payment(payment_id=payment_id, now=now)

    monkeypatch.setattr(finishing, "apply_payment", apply)
    clock.travel(ROUND)
    await operations.reconcile(now=clock.now())

    assert (await read(family, broken))["status"] == "on_hold"
    assert (await read(family, sound))["status"] == "confirmed"


async def test_money_that_came_in_while_its_page_was_being_closed_goes_back(world: World, sandbox) -> None:
    family = await world.family()
    booking, payment, page = await open_page(world, family)
    quote = (await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    await family.post(
        f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key="cancel"
    )
    await sandbox.pay(page)

    for _ in range(2):
        await operations.close_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    ended = await read(family, booking)
    assert (ended["status"], ended["paid"]["amount"]) == ("cancelled", 0)
    assert [(r["reason"], r["amount"]["amount"]) for r in ended["refunds"]] == [("late_payment", 120_000)]


async def test_a_provider_that_is_away_is_not_an_error_of_the_round_but_of_the_order(world: World, sandbox) -> None:
    family = await world.family()
    booking, payment, _ = await open_page(world, family)
    gateways.use(Away())

    await operations.reconcile(now=clock.now() + ROUND)
    with pytest.raises(ProviderUnavailable):
        await operations.close_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    assert (await read(family, booking))["status"] == "on_hold"


async def test_a_family_that_cannot_pay_just_now_is_told_when_to_try_again_and_keeps_its_hold(
    world: World, sandbox, gateway
) -> None:
    family = await world.family()
    booking = await hold(world, family)
    path, body = f"/v1/bookings/{booking['id']}/payments", {"leg": "deposit", "method": "card"}
    gateway._http.circuit = Circuit(failure_count=FAILURES_MAX, next_at=time.monotonic() + 600)
    refused = await family.post(path, body, key="pay")
    assert (refused.status_code, refused.json()["code"]) == (503, "payment_provider_unavailable")
    assert refused.headers["retry-after"] == "600"
    assert (await read(family, booking))["status"] == "on_hold"

    gateway._http.circuit = Circuit(failure_count=FAILURES_MAX)
    assert (await family.post(path, body, key="pay")).status_code == 201


async def test_the_reactions_tell_of_a_stay_from_confirmation_to_refund(world: World, confirm, client) -> None:
    family = await world.family()
    booking = await confirm(family)
    await drain(now=clock.now())
    assert await templates() == ["booking_confirmed"]

    await revoke(world)
    await drain(now=clock.now())

    settled = await read(family, booking)
    assert settled["status"] == "cancelled"
    assert [refund["status"] for refund in settled["refunds"]] == ["succeeded"]
    assert await templates() == ["booking_confirmed", "booking_displaced", "refund_paid"]
    shown = (await client.get("/_dev/outbox", params={"to": "13800138000"})).json()["items"]
    assert shown[0]["text"] == "【候鸟】白河旅居（示例）的退款 ¥1,200.00 已退回原支付账户。"
    assert await fetch_value("SELECT count(*) FROM outbox WHERE state <> 'done' AND due_at <= $1", clock.now()) == 0


async def test_a_hold_that_is_cancelled_says_that_nothing_was_charged(world: World) -> None:
    family = await world.family()
    booking = await hold(world, family)
    quote = (await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    await family.post(
        f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key="cancel"
    )
    await drain(now=clock.now())
    assert await templates() == ["hold_released"]
