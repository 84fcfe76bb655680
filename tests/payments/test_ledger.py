"""What payments and refunds leave in the books, and the proof against the provider's."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import structlog

from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules
from marketplace.ledger.rules import Account
from marketplace.payments import operations, queries
from marketplace.payments.rules import Method, RefundReason
from tests.support.books import journal_kinds

REFUNDS_PENDING = "4000000000007726"
CARD_FEE = (428_000 * 340 + 5_000) // 10_000 + 200


async def ask(desk, payment_id, amount):
    return await operations.request_refund(
        payment_id=payment_id,
        amount=amount,
        reason=RefundReason.CANCELLATION,
        dedupe=str(new_id()),
        now=desk.now,
    )


async def kinds(booking_id):
    return await journal_kinds(booking_id)


@pytest.fixture
async def opening(desk, gateway, monkeypatch):
    """Hide what earlier tests moved at the provider: the sandbox is one for the whole run, and each test's books are new."""
    earlier = {entry.entry_id for entry in await gateway.list_balance_entries(datetime.fromtimestamp(0, tz=UTC))}
    ask_all = gateway.list_balance_entries

    async def later(since):
        return [entry for entry in await ask_all(since) if entry.entry_id not in earlier]

    monkeypatch.setattr(gateway, "list_balance_entries", later)


async def test_a_capture_is_held_for_its_booking_and_posted_once(desk):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id)
    await desk.apply(payment_id)

    assert await kinds(booking_id) == ["capture"]
    assert await ledger_queries.held([booking_id]) == {booking_id: 428_000}
    assert await ledger_queries.balance(Account.STRIPE) == 428_000
    assert await queries.verify() == []


@pytest.mark.parametrize("method", [Method.CARD, Method.ALIPAY])
async def test_a_refund_is_owed_from_the_promise_and_gone_once_the_provider_took_it(desk, sandbox, method):
    await sandbox.control("chaos", {"settle_delay_ms": 60_000 if method is Method.ALIPAY else 100})
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id, method=method)
    refund_id = await ask(desk, payment_id, 100_000)

    assert await ledger_queries.held([booking_id]) == {booking_id: 328_000}
    assert await ledger_queries.balance(Account.REFUND_PENDING) == -100_000
    assert await ledger_queries.balance(Account.STRIPE) == 428_000

    for _ in range(2):
        await operations.submit_refund(refund_id=refund_id, now=desk.now)
        await operations.apply_refund(refund_id=refund_id, now=desk.now)

    assert await kinds(booking_id) == ["capture", "refund_requested", "refund_taken"]
    assert await ledger_queries.balance(Account.REFUND_PENDING) == 0
    assert await ledger_queries.balance(Account.STRIPE) == 328_000
    assert await queries.verify() == []


async def test_a_refund_that_fails_restores_the_books_and_is_still_owed(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id, card=REFUNDS_PENDING)
    refund_id = await ask(desk, payment_id, 428_000)
    await sandbox.control("chaos", {"settle_delay_ms": 600_000})
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    pending = await queries.refund(refund_id)
    await sandbox.control(f"refunds/{pending.provider_refund_id}/fail", {})

    for _ in range(2):
        await operations.apply_refund(refund_id=refund_id, now=desk.now)

    assert await kinds(booking_id) == ["capture", "refund_requested", "refund_taken", "refund_failed"]
    assert await ledger_queries.balance(Account.STRIPE) == 428_000
    assert await ledger_queries.balance(Account.REFUND_PENDING) == -428_000
    assert await queries.verify() == []
    assert await ledger_queries.verify() == []


async def test_the_proof_names_a_capture_without_its_journal_and_a_journal_without_its_capture(desk):
    payment_id = await desk.paid()
    whose = rules.Whose(booking_id=new_id(), institution_id=desk.institution_id)
    ghost = new_id()
    async with transaction():
        await ledger.post(rules.capture(whose, payment_id=ghost, amount=5_000), now=desk.now)
    await execute("ALTER TABLE payments DISABLE TRIGGER payments_captured_stays")
    await execute("UPDATE payments SET captured_amount = 427_999 WHERE id = $1", payment_id)

    found = [(one.check, one.subject, one.expected, one.found) for one in await queries.verify()]

    assert found == [
        ("capture_is_posted", f"cap:{payment_id}", 427_999, 428_000),
        ("journal_has_its_fact", f"cap:{ghost}", 0, 5_000),
    ]


async def test_every_movement_at_the_provider_is_matched_one_to_one_and_its_fee_is_booked(desk, opening):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id)
    refund_id = await ask(desk, payment_id, 28_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)

    for _ in range(2):
        assert await operations.match_balance(now=desk.now) == 0

    rows = await fetch(
        "SELECT b.type, j.kind, b.amount FROM provider_balance_entries b JOIN ledger_journals j ON j.id = b.journal_id"
        " ORDER BY b.booked_at, b.amount DESC"
    )
    assert [tuple(row) for row in rows] == [("charge", "capture", 428_000), ("refund", "refund_taken", -28_000)]
    assert await ledger_queries.balance(Account.PSP_FEE) == CARD_FEE
    assert await ledger_queries.balance(Account.STRIPE) == 428_000 - 28_000 - CARD_FEE
    assert await queries.verify_provider(before=desk.now) == []


async def test_what_nothing_explains_goes_to_suspense_after_an_hour_and_leaves_it_only_when_explained(
    desk, sandbox, opening
):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id)

    assert await operations.match_balance(now=desk.now) == 0
    assert await ledger_queries.balance(Account.SUSPENSE) == 0
    with structlog.testing.capture_logs() as logs:
        assert await operations.match_balance(now=desk.now + timedelta(hours=2)) == 1
    assert await ledger_queries.balance(Account.SUSPENSE) == -428_000
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "a movement at the provider goes to suspense",
        "money at the provider that nothing of ours explains",
    ]
    [finding] = await queries.verify_provider(before=desk.now + timedelta(hours=2))
    assert (finding.check, finding.expected) == ("provider_entry_is_explained", 428_000)
    assert await queries.suspense() == (1, 428_000)
    # It is told once, however often it is looked at.
    assert await operations.match_balance(now=desk.now + timedelta(hours=2)) == 1
    assert (await desk.published()).count("movement.unexplained") == 1

    await desk.apply(payment_id)
    assert await operations.match_balance(now=desk.now + timedelta(hours=3)) == 0
    assert await ledger_queries.balance(Account.SUSPENSE) == 0
    assert await queries.suspense() == (0, 0)
    assert await ledger_queries.balance(Account.STRIPE) == 428_000 - CARD_FEE
    assert await ledger_queries.verify() == []


async def test_a_journal_that_the_provider_knows_nothing_of_is_named(desk, opening):
    whose = rules.Whose(booking_id=new_id(), institution_id=desk.institution_id)
    payment_id = new_id()
    journal = rules.capture(whose, payment_id=payment_id, amount=5_000, provider_ref="pi_nobody")
    async with transaction():
        await ledger.post(journal, now=desk.now - timedelta(hours=2))
    await operations.match_balance(now=desk.now)

    [finding] = await queries.verify_provider(before=desk.now - timedelta(hours=1))

    assert (finding.check, finding.subject, finding.expected) == (
        "journal_is_at_provider",
        f"cap:{payment_id}",
        5_000,
    )
    assert await fetch_value("SELECT count(*) FROM provider_balance_entries WHERE journal_id IS NOT NULL") == 0


async def test_money_that_goes_back_at_another_rate_than_it_came_is_our_gain_or_loss(
    desk, gateway, opening, monkeypatch
):
    """CNY settles in another currency: a payment that was refunded whole leaves nothing in clearing."""
    rates = {"charge": (11, 10), "refund": (112, 100)}
    ask_all = gateway.list_balance_entries

    async def settled_abroad(since):
        return [
            msgspec.structs.replace(
                entry, amount=entry.amount * rates[entry.type][0] // rates[entry.type][1], currency="HKD", fee_amount=0
            )
            for entry in await ask_all(since)
        ]

    monkeypatch.setattr(gateway, "list_balance_entries", settled_abroad)
    payment_id = await desk.paid()
    for amount in (28_000, 400_000):
        await operations.submit_refund(refund_id=await ask(desk, payment_id, amount), now=desk.now)
    for _ in range(2):
        assert await operations.match_balance(now=desk.now) == 0

    totals = await ledger_queries.totals()
    assert totals[Account.FX_CLEARING, "CNY"] == totals[Account.FX_CLEARING, "HKD"] == 0
    assert totals[Account.FX_GAIN_LOSS, "HKD"] == 428_000 * 112 // 100 - 428_000 * 11 // 10
    assert totals[Account.STRIPE, "HKD"] == -totals[Account.FX_GAIN_LOSS, "HKD"]
    assert totals[Account.STRIPE, "CNY"] == 0
    assert await ledger_queries.verify() == []
