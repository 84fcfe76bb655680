"""Promotion codes, and the uses of those that have only so many.

A use is taken with the booking, kept when the booking is confirmed, and given back together with its nights. Nobody
waits for a use: each is a row of its own, and those in other hands are skipped.
"""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from marketplace.institutions import queries as institutions
from marketplace.inventory.rules import STAY_NIGHTS_MAX
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch_one, require_transaction, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.pricing import queries
from marketplace.pricing.errors import PromotionCodeTaken, PromotionUnusable
from marketplace.pricing.rules import Promotion, check_promotion, ensure_own, normal


async def create_promotion(  # noqa: PLR0913 - a promotion is these facts, each named at the call.
    *,
    actor: audit.Actor,
    institution_id: UUID | None,
    code: str,
    name_zh: str,
    name_en: str,
    discount_bps: int | None = None,
    discount_amount: int | None = None,
    nights_min: int = 1,
    valid_from_on: date,
    valid_until_on: date,
    usage_max: int | None = None,
    now: datetime,
) -> Promotion:
    """Offer a promotion code on the days ``[valid_from_on, valid_until_on)``; without an institution it is the platform's.

    Institutions reach themselves only, and none may act for the platform.
    Refuses: NotFound; Invalid naming the field; PromotionCodeTaken.
    """
    ensure_own(actor, institution_id)
    found = Promotion(
        id=new_id(),
        institution_id=institution_id,
        code=normal(code),
        name_zh=name_zh,
        name_en=name_en,
        discount_bps=discount_bps,
        discount_amount=discount_amount,
        nights_min=nights_min,
        valid_from_on=valid_from_on,
        valid_until_on=valid_until_on,
        usage_max=usage_max,
        ended_at=None,
    )
    check_promotion(found, today=local_date(now))
    if not 1 <= nights_min <= STAY_NIGHTS_MAX:
        raise invalid("nights_min", zh=f"应为 1 至 {STAY_NIGHTS_MAX} 晚", en=f"From 1 to {STAY_NIGHTS_MAX} nights.")
    async with transaction():
        if institution_id is not None:
            await institutions.get(institution_id)
        await _insert(found)
        await audit.record("promotion.created", actor=actor, subject=found.id, now=now, after=found)
    return found


async def end_promotion(*, actor: audit.Actor, institution_id: UUID, promotion_id: UUID, now: datetime) -> Promotion:
    """End an institution's promotion at once; bookings made with it keep their price, and repeating it changes nothing.

    Refuses: NotFound.
    """
    ensure_own(actor, institution_id)
    async with transaction():
        row = await fetch_one(
            "SELECT code, ended_at FROM promotions WHERE id = $1 AND institution_id = $2 FOR NO KEY UPDATE",
            promotion_id,
            institution_id,
        )
        if row is None:
            raise NotFound
        if row["ended_at"] is None:
            await execute("UPDATE promotions SET ended_at = $2 WHERE id = $1", promotion_id, now)
            await audit.record("promotion.ended", actor=actor, subject=promotion_id, now=now)
        found = await queries.promotion(row["code"], now=now)
    assert found is not None
    return found


async def take_use(*, promotion_id: UUID, booking_id: UUID, expires_at: datetime | None, now: datetime) -> bool:
    """Take a use that is free, or whose hold has lapsed, until ``expires_at`` (None: for good); False when none is left."""
    require_transaction()
    taken = await execute(f"{_TAKE} booking_id IS NULL ORDER BY number {_ONE}", promotion_id, booking_id, expires_at)
    if not taken:
        lapsed = f"{_TAKE} expires_at <= $4 ORDER BY expires_at {_ONE}"
        taken = await execute(lapsed, promotion_id, booking_id, expires_at, now)
    return taken == 1


_TAKE = (
    "UPDATE promotion_uses SET booking_id = $2, expires_at = $3 WHERE promotion_id = $1 AND number ="
    " (SELECT number FROM promotion_uses WHERE promotion_id = $1 AND"
)
_ONE = "LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)"


async def keep_promotion(*, booking_id: UUID, now: datetime) -> None:
    """Keep the use of a booking that is being confirmed, for good; one that was given up meanwhile is taken again.

    A booking without a promotion, or whose promotion may be used any number of times, has none to keep.
    Refuses: PromotionUnusable when every use is in other hands: the price that was paid no longer holds.
    """
    require_transaction()
    row = await fetch_one(
        "SELECT p.id FROM quotes q JOIN promotions p ON p.code = q.promotion_code"
        " WHERE q.used_by_booking_id = $1 AND p.usage_max IS NOT NULL",
        booking_id,
    )
    if row is None:
        return
    if await execute("UPDATE promotion_uses SET expires_at = NULL WHERE booking_id = $1", booking_id):
        return
    if not await take_use(promotion_id=row["id"], booking_id=booking_id, expires_at=None, now=now):
        raise PromotionUnusable


async def extend_promotion(*, booking_id: UUID, expires_at: datetime) -> None:
    """Let the use of a hold end later, with its nights."""
    require_transaction()
    await execute(
        "UPDATE promotion_uses SET expires_at = $2 WHERE booking_id = $1 AND expires_at IS NOT NULL",
        booking_id,
        expires_at,
    )


async def give_back_promotion(*, booking_id: UUID) -> None:
    """Give the use of a booking back, if it has one."""
    require_transaction()
    await execute("UPDATE promotion_uses SET booking_id = NULL, expires_at = NULL WHERE booking_id = $1", booking_id)


async def _insert(found: Promotion) -> None:
    columns = {
        name: getattr(found, name)
        for name in (
            "id", "institution_id", "code", "name_zh", "name_en", "discount_bps", "discount_amount", "nights_min",
            "valid_from_on", "valid_until_on", "usage_max",
        )
    }  # fmt: skip
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    try:
        async with transaction():
            await execute(f"INSERT INTO promotions ({', '.join(columns)}) VALUES ({places})", *columns.values())
    except asyncpg.UniqueViolationError:
        raise PromotionCodeTaken from None
    if found.usage_max is not None:
        await execute(
            "INSERT INTO promotion_uses (promotion_id, number) SELECT $1, generate_series(1, $2)",
            found.id,
            found.usage_max,
        )
