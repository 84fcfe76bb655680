"""Reads of promotions."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch, fetch_one
from marketplace.pricing.rules import Promotion, ensure_own

_SELECT = """
SELECT id, institution_id, code, name_zh, name_en, discount_bps, discount_amount, nights_min, valid_from_on,
       valid_until_on, usage_max, ended_at,
       usage_max IS NULL
       OR EXISTS (SELECT FROM promotion_uses u WHERE u.promotion_id = p.id AND u.booking_id IS NULL)
       OR EXISTS (SELECT FROM promotion_uses u WHERE u.promotion_id = p.id AND u.expires_at <= $1) AS left
  FROM promotions p
"""


async def promotion(code: str, *, now: datetime) -> Promotion | None:
    """Return the promotion of a code; ``left`` says whether one more booking may use it."""
    row = await fetch_one(f"{_SELECT} WHERE p.code = $2", now, code)
    return _promotion(row) if row else None


async def promotions_of(
    institution_id: UUID, *, principal: Principal, after: UUID | None = None, limit: int, now: datetime
) -> list[Promotion]:
    """List an institution's own promotions, the newest first, ended ones too; one more than ``limit`` if there are more.

    Refuses: NotFound for a foreign institution.
    """
    ensure_own(principal, institution_id)
    rows = await fetch(
        f"{_SELECT} WHERE p.institution_id = $2 AND ($3::uuid IS NULL OR p.id < $3) ORDER BY p.id DESC LIMIT $4",
        now,
        institution_id,
        after,
        limit + 1,
    )
    return [_promotion(row) for row in rows]


def _promotion(row: asyncpg.Record) -> Promotion:
    facts: dict[str, Any] = dict(row)
    return Promotion(**facts)
