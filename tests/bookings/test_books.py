"""The whole way of money in the books: what it costs in statements and calls, and the proof that finds what is wrong."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from marketplace.bookings import operations
from marketplace.embedded import programs
from marketplace.embedded.processes import wait_until
from marketplace.identity import queries as identities
from marketplace.kit import clock
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id, parse
from marketplace.ledger import queries as ledger
from marketplace.ledger.operations import post
from marketplace.ledger.rules import Account, Whose, capture
from marketplace.payments import queries as payments
from marketplace.payments.operations import apply_refund
from tests.support.commands import run, run_here
from tests.support.sandbox import API_KEY, sandbox_of_its_own
from tests.support.world import World, booking_body, hold, open_payment, read
from workers.handling import drain

# Statements of one step each; a payment's page and each fetch of it are one call to the provider.
QUOTE, PLACE, PAY, CONFIRM, CONFIRM_AGAIN = 7, 13, 14, 12, 6


@pytest.fixture
async def till(gateway, monkeypatch):
    """Hide what earlier tests moved at the provider: the sandbox is one for the whole run, and each test's books are new."""
    earlier = {entry.entry_id for entry in await gateway.list_balance_entries(datetime.fromtimestamp(0, tz=UTC))}
    opening = await gateway.get_balance()
    ask_entries, ask_balance = gateway.list_balance_entries, gateway.get_balance

    async def later(since):
        return [entry for entry in await ask_entries(since) if entry.entry_id not in earlier]

    async def since_then():
        return {name: amount - opening.get(name, 0) for name, amount in (await ask_balance()).items()}

    monkeypatch.setattr(gateway, "list_balance_entries", later)
    monkeypatch.setattr(gateway, "get_balance", since_then)


async def cancel(caller, booking) -> None:
    quote = (await caller.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    path = f"/v1/bookings/{booking['id']}/cancellation"
    assert (await caller.post(path, {"cancellation_quote_id": quote["id"]}, key=new_id().hex)).status_code == 200


async def test_the_books_are_proved_against_bookings_and_the_provider(world: World, confirm, pay, till) -> None:
    family = await world.family()
    paid = await pay(family, await confirm(family))
    await cancel(family, await confirm(family, first=75))
    for refund in (await payments.stale_refunds(clock.now() + timedelta(hours=1)))[:9]:
        await apply_refund(refund_id=refund, now=clock.now())

    assert await operations.verify_money(now=clock.now()) == []
    found = parse("bkg", paid["id"])
    assert await ledger.held([found]) == {found: paid["total"]["amount"]}
    assert (await payments.last_verification()).finding_count == 0
    assert await ledger.balance(Account.SUSPENSE) == 0


async def test_the_proof_names_money_without_a_booking_and_a_booking_without_money(world: World, confirm, till) -> None:
    family = await world.family()
    booking = await confirm(family)
    found = parse("bkg", booking["id"])
    await execute("UPDATE bookings SET paid_amount = paid_amount + 1 WHERE id = $1", found)
    lost = await confirm(family, first=75)
    await execute("SET LOCAL session_replication_role = replica")
    await execute("DELETE FROM bookings WHERE id = $1", parse("bkg", lost["id"]))
    await execute("SET LOCAL session_replication_role = DEFAULT")

    findings = [
        (one.check, one.subject, one.expected, one.found) for one in await operations.verify_money(now=clock.now())
    ]

    assert findings == [
        ("booking_is_paid_by_captures", str(found), 120_001, 120_000),
        ("capture_has_booking_or_refund", str(parse("pay", lost["payments"][0]["id"])), 120_000, 0),
    ]
    assert await fetch_value("SELECT finding_count FROM money_verifications") == 2


@pytest.fixture
async def finance(world: World):
    """Somebody who sees to the platform's money; asks what they were written once everything due is done."""
    await world.finance()
    [address] = await identities.finance_emails()

    async def mail() -> list[str]:
        await drain(now=clock.now())
        to = vault().blind_index(address)
        rows = await fetch("SELECT template FROM messages WHERE recipient_index = $1 ORDER BY id", to)
        return [row["template"] for row in rows]

    return mail


async def test_the_proof_says_when_the_provider_holds_something_else_and_somebody_hears_of_it(
    world: World, confirm, till, gateway, monkeypatch, finance
) -> None:
    await confirm(await world.family())
    honest = gateway.get_balance

    async def short():
        return {name: amount - 1 for name, amount in (await honest()).items()}

    monkeypatch.setattr(gateway, "get_balance", short)
    for _ in range(2):
        findings = await operations.verify_money(now=clock.now())

    assert [(one.check, one.subject, one.expected - one.found) for one in findings] == [("provider_balance", "CNY", 1)]
    assert await finance() == ["books_disagree"]


async def test_money_that_nobody_can_explain_is_set_aside_and_somebody_hears_of_it_once(
    world: World, till, sandbox, finance
) -> None:
    form = {"amount": "7700", "currency": "cny", "payment_method": "pm_card_visa", "confirm": "true"}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    made = await sandbox.http.post(
        "/v1/payment_intents", data=form | {"allowed_payment_method_types[0]": "card"}, headers=headers
    )
    assert made.json()["status"] == "succeeded"
    await operations.catch_up(now=clock.now())
    assert await payments.suspense() == (0, 0)
    clock.travel(timedelta(hours=2))
    for _ in range(2):
        await operations.catch_up(now=clock.now())
    assert await payments.suspense() == (1, 7_700)
    assert await ledger.balance(Account.SUSPENSE) == -7_700
    assert await finance() == ["movement_unexplained"]
    metrics = (await world.client.get("/metrics")).text
    assert "marketplace_money_suspense_count 1.0" in metrics


async def test_what_every_webhook_should_have_said_is_asked_for_every_five_minutes(world: World, sandbox) -> None:
    await sandbox.control("chaos", {"drop_webhooks": 1.0})
    family = await world.family()
    booking = await hold(world, family)
    page = urlsplit((await open_payment(family, booking))["checkout_url"]).path.rsplit("/", 1)[1]
    await sandbox.pay(page)
    await operations.catch_up(now=clock.now())
    assert (await read(family, booking))["status"] == "on_hold"
    await drain(now=clock.now())
    assert (await read(family, booking))["status"] == "confirmed"


async def test_an_event_that_was_stored_and_never_applied_is_applied_by_the_minute(world: World, sandbox) -> None:
    await sandbox.control("chaos", {"drop_webhooks": 1.0})
    family = await world.family()
    booking = await hold(world, family)
    page = urlsplit((await open_payment(family, booking))["checkout_url"]).path.rsplit("/", 1)[1]
    await sandbox.pay(page)
    await operations.catch_up(now=clock.now())
    await execute("UPDATE outbox SET state = 'dead' WHERE kind = 'provider_events.apply'")
    await execute("UPDATE payments SET checked_at = $1", clock.now() + timedelta(hours=1))
    clock.travel(timedelta(minutes=2))
    await operations.reconcile(now=clock.now())
    assert (await read(family, booking))["status"] == "confirmed"
    assert await fetch_value("SELECT count(*) FROM provider_events WHERE applied_at IS NULL") == 0


async def test_placing_paying_and_confirming_costs_a_fixed_number_of_statements_and_calls(
    world: World, sandbox, client, gateway, count_queries, monkeypatch
) -> None:
    """Quote, hold, page, payment, confirmation: the counts are asserted, so that a query or call more is a decision."""
    calls: list[str] = []
    send = gateway._http.request_async

    async def counted(method: str, url: str, *rest: Any, **named: Any):
        calls.append(f"{method.upper()} {urlsplit(url).path.split('/cs_')[0]}")
        return await send(method, url, *rest, **named)

    monkeypatch.setattr(gateway._http, "request_async", counted)
    family = await world.family()
    await hold(world, family, first=90)
    spent = []
    async with count_queries() as queries:
        quote = (await family.post("/v1/quotes", world.wish())).json()
    spent.append(len(queries))
    async with count_queries() as queries:
        booking = (await family.post("/v1/bookings", booking_body(quote["id"]), key=new_id().hex)).json()
    spent.append(len(queries))
    async with count_queries() as queries:
        body = {"leg": "deposit", "method": "card"}
        payment = (await family.post(f"/v1/bookings/{booking['id']}/payments", body, key=new_id().hex)).json()
    spent.append(len(queries))
    await sandbox.pay(urlsplit(payment["checkout_url"]).path.rsplit("/", 1)[1])
    async with count_queries() as queries:
        await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())
    spent.append(len(queries))
    async with count_queries() as queries:
        await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())
    spent.append(len(queries))

    assert (await read(family, booking))["status"] == "confirmed"
    assert calls == [
        "POST /v1/checkout/sessions",
        "GET /v1/checkout/sessions",
        "GET /v1/checkout/sessions",
    ]
    assert spent == [QUOTE, PLACE, PAY, CONFIRM, CONFIRM_AGAIN]


@pytest.fixture
def untouched(tmp_path, mailbox):
    """A provider at which nothing has moved yet: the command, unlike these tests, cannot look past what others moved."""
    with sandbox_of_its_own(tmp_path, mailbox=mailbox) as url:
        assert wait_until(lambda: programs.answers(f"{url}/livez"), 30)
        yield url


async def test_the_command_ends_with_1_and_names_what_differs_for_people_and_scripts(
    committed: str, untouched: str, till: None
) -> None:
    assert await run_here("ledger", "verify") == (0, "✔ the books balance, and the provider agrees\n")
    booking_id, payment_id = new_id(), new_id()
    journal = capture(Whose(booking_id=booking_id, institution_id=new_id()), payment_id=payment_id, amount=5_000)
    async with transaction():
        await post(journal, now=clock.now())

    where = {"DATABASE_URL": committed, "STRIPE_API_BASE": untouched, "STRIPE_API_KEY": API_KEY}
    code, out, _ = await run("ledger", "verify", **where)
    named = f"journal_has_its_fact: cap:{payment_id}"
    assert (code, out) == (1, f"✘ {named} is 5000 and should be 0\nfindings: 1\n")
    code, out = await run_here("ledger", "verify", "--json")
    expected = {"check": "journal_has_its_fact", "subject": f"cap:{payment_id}", "expected": 0, "found": 5_000}
    assert (code, json.loads(out)) == (1, {"findings": [expected]})
