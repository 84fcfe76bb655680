"""The database holds the ledger: balanced, once, for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.ledger import operations, queries, rules
from marketplace.ledger.errors import JournalDiffers, Unbalanced
from marketplace.ledger.rules import Account, Entry, Journal, Whose
from tests.support.books import journal_kinds

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)


def whose() -> Whose:
    return Whose(booking_id=new_id(), institution_id=new_id())


async def post(journal: Journal) -> bool:
    async with transaction():
        return await operations.post(journal, now=NOW)


async def commit() -> None:
    """Do what a commit does with the checks that were put off."""
    await execute("SET CONSTRAINTS ALL IMMEDIATE")
    await execute("SET CONSTRAINTS ALL DEFERRED")


async def test_a_stay_from_capture_to_transfer() -> None:
    stay, payment, refund, sent = whose(), new_id(), new_id(), new_id()

    await post(rules.capture(stay, payment_id=payment, amount=100_000, provider_ref="pi_1"))
    await post(rules.fee(provider_ref="txn_1", amount=600, currency="CNY"))
    await post(rules.refund_requested(stay, refund_id=refund, amount=20_000))
    await post(rules.refund_taken(stay, refund_id=refund, amount=20_000, provider_ref="re_1"))
    await post(rules.earn(stay, period="check_in", amount=80_000, commission_bps=1_000))
    await post(rules.transfer(stay, transfer_id=sent, amount=72_000, provider_ref="tr_1"))
    await commit()

    assert await queries.totals() == {
        (Account.STRIPE, "CNY"): 100_000 - 600 - 20_000 - 72_000,
        (Account.PSP_FEE, "CNY"): 600,
        (Account.COMMISSION, "CNY"): -8_000,
        (Account.CUSTOMER_HELD, "CNY"): 0,
        (Account.INSTITUTION_PAYABLE, "CNY"): 0,
        (Account.REFUND_PENDING, "CNY"): 0,
    }
    assert await journal_kinds(stay.booking_id) == [
        "capture",
        "refund_requested",
        "refund_taken",
        "earn",
        "transfer",
    ]
    assert await queries.verify() == []


async def test_a_fact_is_posted_once_in_one_statement(count_queries) -> None:
    stay, payment = whose(), new_id()
    journal = rules.capture(stay, payment_id=payment, amount=100_000)

    async with count_queries() as statements:
        assert await post(journal)
    assert not await post(journal)

    assert len(statements) == 1
    assert await queries.held([stay.booking_id]) == {stay.booking_id: 100_000}


async def test_the_same_name_with_other_words_is_a_fault() -> None:
    stay, payment = whose(), new_id()
    await post(rules.capture(stay, payment_id=payment, amount=100_000))

    with pytest.raises(JournalDiffers):
        await post(rules.capture(stay, payment_id=payment, amount=100_001))

    assert await queries.balance(Account.STRIPE) == 100_000


async def test_what_does_not_balance_is_not_even_sent() -> None:
    entries = (Entry(account=Account.STRIPE, amount=5, currency="CNY"),)

    with pytest.raises(Unbalanced):
        await post(Journal(kind="capture", dedupe="cap:wrong", entries=entries))

    assert await fetch("SELECT FROM ledger_journals") == []


async def test_the_database_refuses_an_unbalanced_journal_at_commit() -> None:
    entry = "INSERT INTO ledger_entries (journal_id, line, account, amount, currency) VALUES ($1, $2, $3, $4, $5)"
    journal = await fetch_value(
        "INSERT INTO ledger_journals (dedupe, kind, posted_at) VALUES ('cap:1', 'capture', $1) RETURNING id", NOW
    )
    with pytest.raises(asyncpg.CheckViolationError, match="has no entries"):
        async with transaction():
            await commit()

    await execute(entry, journal, 1, "asset:stripe", 5, "CNY")
    await execute(entry, journal, 2, "asset:bank", -5, "USD")
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        async with transaction():
            await commit()


async def test_a_line_added_to_an_old_journal_is_refused() -> None:
    await post(rules.fee(provider_ref="txn_1", amount=600, currency="CNY"))
    await commit()

    await execute(
        "INSERT INTO ledger_entries (journal_id, line, account, amount, currency)"
        " SELECT max(id), 3, 'asset:bank', 5, 'CNY' FROM ledger_journals"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await commit()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entries SET amount = amount * 2",
        "UPDATE ledger_journals SET dedupe = dedupe || 'x'",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_journals",
        "TRUNCATE ledger_journals CASCADE",
    ],
)
async def test_nothing_that_is_posted_changes(change: str) -> None:
    await post(rules.fee(provider_ref="txn_1", amount=600, currency="CNY"))
    await commit()
    before = await fetch("SELECT * FROM ledger_entries ORDER BY journal_id, line")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        async with transaction():
            await execute(change)

    assert await fetch("SELECT * FROM ledger_entries ORDER BY journal_id, line") == before


@pytest.mark.parametrize("change", ["UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_applications_role_may_add_and_not_rewrite(change: str) -> None:
    async with transaction():
        await execute("SET LOCAL ROLE marketplace_app")
        await operations.post(rules.fee(provider_ref="txn_1", amount=600, currency="CNY"), now=NOW)
        await commit()
        for table, column in (("ledger_journals", "provider_ref"), ("ledger_entries", "subject_id")):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with transaction():
                    await execute(change.format(table, column))
        await execute("RESET ROLE")

    assert await queries.balance(Account.PSP_FEE) == 600


async def test_an_account_says_whose_it_is_or_nothing() -> None:
    for account, subject_id in ((Account.CUSTOMER_HELD, None), (Account.STRIPE, UUID(int=7))):
        entries = (
            Entry(account=account, amount=5, currency="CNY", subject_id=subject_id),
            Entry(account=Account.BANK, amount=-5, currency="CNY"),
        )
        with pytest.raises(asyncpg.CheckViolationError, match="ledger_entries_subject"):
            await post(Journal(kind="capture", dedupe="cap:wrong", entries=entries))


async def test_a_snapshot_changes_no_balance_and_is_taken_once_a_day() -> None:
    stay = whose()
    await post(rules.capture(stay, payment_id=new_id(), amount=100_000))
    before = await queries.balances()

    assert await operations.take_snapshot(now=NOW)
    assert not await operations.take_snapshot(now=NOW)
    assert await queries.balances() == before

    await post(rules.fee(provider_ref="txn_1", amount=600, currency="CNY"))
    assert await operations.take_snapshot(now=NOW + timedelta(days=1))
    assert await queries.balance(Account.STRIPE) == 99_400
    assert await queries.verify() == []


async def test_verify_names_a_snapshot_that_lies_and_money_given_back_that_was_never_held() -> None:
    stay = whose()
    await post(rules.capture(stay, payment_id=new_id(), amount=100_000))
    await operations.take_snapshot(now=NOW)
    await post(rules.refund_requested(stay, refund_id=new_id(), amount=100_001))
    await execute("UPDATE ledger_snapshot_balances SET balance_amount = 99_999 WHERE account = 'asset:stripe'")

    found = [(finding.check, finding.expected, finding.found) for finding in await queries.verify()]

    assert found == [
        ("balances_sum_to_zero", 0, -1),
        ("held_is_not_negative", 0, -1),
        ("snapshot_is_true", 100_000, 99_999),
    ]


async def test_of_many_who_post_the_same_fact_one_does(committed: str) -> None:
    stay, payment = whose(), new_id()
    journal = rules.capture(stay, payment_id=payment, amount=100_000)

    posted = await asyncio.gather(*(post(journal) for _ in range(8)))

    assert sorted(posted) == [False] * 7 + [True]
    assert await queries.balance(Account.STRIPE) == 100_000


async def test_a_snapshot_waits_for_a_journal_whose_number_is_drawn(committed: str) -> None:
    stay = whose()
    async with transaction():
        await operations.post(rules.capture(stay, payment_id=new_id(), amount=100_000), now=NOW)
        taking = asyncio.get_running_loop().create_task(_snapshot_elsewhere())
        while not await fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - a lock in SQL.
            await asyncio.sleep(0.01)
    await taking

    assert (
        await fetch_value("SELECT balance_amount FROM ledger_snapshot_balances WHERE account = 'asset:stripe'")
        == 100_000
    )


async def _snapshot_elsewhere() -> bool:
    # A task begins with its maker's context: it must leave the open transaction.
    from contextvars import Context

    return await asyncio.get_running_loop().create_task(operations.take_snapshot(now=NOW), context=Context())
