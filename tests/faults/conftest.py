"""Tests that look into the running system's own database instead of the suite's."""

from collections.abc import AsyncIterator

import pytest

from marketplace.kit import db
from tests.support.system import System


@pytest.fixture(autouse=True)
def database() -> None:
    """Stand in for the suite's fixture of this name."""


@pytest.fixture
async def look(system: System) -> AsyncIterator[None]:
    """Let the test read the running system's database with ``kit.db``."""
    pool, config = db.DB.pool, db.DB.config
    db.DB.pool = None
    await db.connect(system.run.environment["DATABASE_URL"], max_size=4)
    yield
    await db.disconnect()
    db.DB.pool, db.DB.config = pool, config
