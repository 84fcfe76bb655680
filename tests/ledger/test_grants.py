"""The application's login adds to the books and never rewrites them: by grants, beside the triggers."""

from datetime import UTC, datetime

import asyncpg
import pytest

from marketplace.kit import db
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.migrations import let_in
from marketplace.ledger import operations, queries, rules
from marketplace.ledger.rules import Account, Whose

LOGIN, PASSWORD = "grants_app", "only-for-this-test"
NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
REWRITES = (
    "UPDATE ledger_entries SET amount = amount + 1",
    "DELETE FROM ledger_entries",
    "TRUNCATE ledger_entries",
    "UPDATE ledger_journals SET kind = 'x'",
    "DELETE FROM ledger_journals",
    "DELETE FROM ledger_snapshots",
    "UPDATE ledger_snapshot_balances SET balance_amount = 1",
    "INSERT INTO ledger_accounts VALUES ('asset:mine', 'none', 'x', 'x')",
    "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only",
    "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
    "DROP TRIGGER ledger_entries_append_only ON ledger_entries",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "SET ROLE houniao",
    "CREATE TABLE mine (id int)",
)


@pytest.fixture
async def as_application(committed, servers):
    """Serve as the application does: with a login that the owner has let in."""
    await let_in(LOGIN, PASSWORD)
    name = committed.rsplit("/", 1)[1]
    url = f"postgresql://{LOGIN}:{PASSWORD}@127.0.0.1:{servers.postgres.port}/{name}"
    await db.disconnect()
    await db.connect(url)
    yield
    await db.disconnect()
    await db.connect(committed)
    await db.execute(f"REASSIGN OWNED BY {LOGIN} TO houniao; DROP OWNED BY {LOGIN}; DROP ROLE {LOGIN}")


async def test_the_applications_login_can_add_to_the_books_and_rewrite_nothing_of_them(as_application):
    whose = Whose(booking_id=new_id(), institution_id=new_id())
    async with transaction():
        await operations.post(rules.capture(whose, payment_id=new_id(), amount=100_000), now=NOW)
    assert await operations.take_snapshot(now=NOW)

    for statement in REWRITES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(statement)

    assert await queries.balance(Account.STRIPE) == 100_000
    assert await queries.verify() == []
    assert await fetch_value("SELECT current_user") == LOGIN
    assert await fetch_value("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == 0


async def test_letting_a_login_in_again_changes_its_password_and_nothing_else(as_application, committed):
    owner = await asyncpg.connect(committed)
    try:
        found = await owner.fetchrow(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = $1", LOGIN
        )
        member = await owner.fetchval("SELECT pg_has_role($1, 'marketplace_app', 'member')", LOGIN)
    finally:
        await owner.close()
    assert tuple(found) == (False, False, False, True)
    assert member
