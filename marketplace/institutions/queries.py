"""Reads of institutions."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.institutions.rules import Institution
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.places.rules import Position

_COLUMNS = (
    "id", "name", "name_en", "uscc", "place_code", "jurisdiction_code", "address", "latitude", "longitude", "datum",
    "licensed_bed_count", "phone", "opened_on", "is_example", "registered_at",
)  # fmt: skip
COLUMNS = ", ".join(f"i.{name}" for name in _COLUMNS)


async def get(institution_id: UUID) -> Institution:
    """Return one institution. Refuses: NotFound."""
    row = await fetch_one(f"SELECT {COLUMNS} FROM institutions i WHERE i.id = $1", institution_id)
    if row is None:
        raise NotFound
    return institution(row)


async def get_many(institution_ids: Collection[UUID]) -> dict[UUID, Institution]:
    """Return institutions by id; unknown ids are left out."""
    rows = await fetch(
        f"SELECT {COLUMNS} FROM institutions i WHERE i.id = ANY($1) ORDER BY i.id", list(institution_ids)
    )
    return {row["id"]: institution(row) for row in rows}


async def any_registered() -> bool:
    """Say whether there is any institution at all."""
    return bool(await fetch_value("SELECT EXISTS (SELECT FROM institutions)"))


def institution(row: asyncpg.Record) -> Institution:
    """Make an institution of a row that has at least ``COLUMNS``, which are of ``institutions i``."""
    facts: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    position = Position(facts.pop("latitude"), facts.pop("longitude"), facts.pop("datum"))
    return Institution(position=position, **facts)
