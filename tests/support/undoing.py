"""What a test does to a database that it shares with others is taken back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from piccolo.engine.postgres import PostgresTransaction

from marketplace.kit import db


@asynccontextmanager
async def taken_back(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Run what follows in one transaction of this connection, and undo it."""
    root = connection.transaction()
    await root.start()
    joined = PostgresTransaction(db.DB)
    joined.connection = connection
    token = db.DB.current_transaction.set(joined)
    try:
        yield
    finally:
        db.DB.current_transaction.reset(token)
        await root.rollback()
