"""What only tests ask of the books: everything about one booking, in the order in which it happened."""

from uuid import UUID

import msgspec

from marketplace.kit.db import fetch
from marketplace.settlement.queries import ReversalRow, TransferRow


async def transfers_of(booking_id: UUID) -> list[TransferRow]:
    rows = await fetch("SELECT * FROM transfers WHERE booking_id = $1 ORDER BY id", booking_id)
    return [msgspec.convert(dict(row), TransferRow) for row in rows]


async def reversals_of(booking_id: UUID) -> list[ReversalRow]:
    rows = await fetch("SELECT * FROM transfer_reversals WHERE booking_id = $1 ORDER BY id", booking_id)
    return [msgspec.convert(dict(row), ReversalRow) for row in rows]


async def journal_kinds(booking_id: UUID) -> list[str]:
    rows = await fetch("SELECT kind FROM ledger_journals WHERE booking_id = $1 ORDER BY id", booking_id)
    return [row["kind"] for row in rows]
