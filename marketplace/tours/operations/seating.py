"""Seats: quoting them, holding them, keeping them once they are paid for, and giving them back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.certifications import operations as certifications
from marketplace.certifications.errors import InstitutionNotBookable, StayBeyondCertificate
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import Principal
from marketplace.inventory.errors import HoldLapsed
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.pricing import operations as pricing
from marketplace.pricing.rules import Quote, QuoteKind
from marketplace.tours import queries
from marketplace.tours.errors import DepartureClosed, DepartureFull
from marketplace.tours.rules import Block, Departure, Seat, choose_block, largest_party, on_sale, price_seats, units_for


async def quote_departure(*, principal: Principal, departure_id: UUID, traveller_count: int, now: datetime) -> Quote:
    """Price seats on a departure as an immutable offer. It holds no seat: the booking does.

    Everyone pays the same (R11). Refuses: NotFound; Invalid naming /travellers; DepartureClosed, DepartureFull;
    InstitutionNotBookable, StayBeyondCertificate.
    """
    if traveller_count < 1:
        raise invalid("travellers", zh="请至少填写一位旅客", en="Name at least one traveller.")
    async with transaction():
        departure = await queries.departure(departure_id, now=now)
        _refuse_closed(departure, now=now)
        hosts = await _lock_hosts(departure, now=now)
        block = _fit(departure, hosts=hosts, traveller_count=traveller_count)
        return await pricing.issue(
            principal=principal,
            kind=QuoteKind.TOUR,
            institution_id=block.institution_id,
            departure_id=departure_id,
            check_in=departure.check_in,
            check_out=departure.check_out,
            guest_count=traveller_count,
            unit_count=traveller_count,
            lines=price_seats(departure.price_amount, traveller_count=traveller_count),
            certification=hosts[block.institution_id],
            now=now,
        )


async def seat(
    *, departure_id: UUID, booking_id: UUID, traveller_count: int, expires_at: datetime | None, now: datetime
) -> Seat:
    """Hold places for a whole party in one bookable institution until ``expires_at``; None keeps them for good.

    Holds that lapsed by ``now`` never stand in the way. Lock order: certifications → departure.
    Refuses: NotFound; DepartureClosed, DepartureFull (``places_left``); InstitutionNotBookable, StayBeyondCertificate.
    """
    require_transaction()
    hosts = await _lock_hosts(await queries.departure(departure_id, now=now), now=now)
    departure = await _lock(departure_id, now=now)
    _refuse_closed(departure, now=now)
    block = _fit(departure, hosts=hosts, traveller_count=traveller_count)
    seat_id, unit_count = new_id(), units_for(traveller_count, guests_per_unit=block.guests_per_unit)
    await execute(
        "INSERT INTO departure_seats (id, departure_id, block_id, booking_id, traveller_count, unit_count, expires_at,"
        " is_released) VALUES ($1, $2, $3, $4, $5, $6, $7, false)",
        seat_id,
        departure_id,
        block.id,
        booking_id,
        traveller_count,
        unit_count,
        expires_at,
    )
    await _count(departure_id, block.id, travellers=traveller_count, units=unit_count)
    return Seat(seat_id=seat_id, institution_id=block.institution_id)


async def keep_seat(
    *, departure_id: UUID, seat_id: UUID, booking_id: UUID, traveller_count: int, now: datetime
) -> Seat:
    """Keep a party's places for good, because they are paid for; places given up meanwhile are taken again.

    They are taken in the institution that the party had, whose certification the caller has locked.
    Refuses: NotFound; DepartureClosed, DepartureFull.
    """
    require_transaction()
    departure = await _lock(departure_id, now=now, keeping=seat_id)
    row = await _row(departure_id, seat_id)
    if row["booking_id"] != booking_id or row["traveller_count"] != traveller_count:
        raise NotFound
    if row["expires_at"] is not None or row["is_released"]:
        _refuse_closed(departure, now=now)
    if row["is_released"]:
        block = next((block for block in departure.blocks if block.id == row["block_id"]), None)
        left = departure.group_max_count - departure.traveller_count
        if block is None or row["unit_count"] > block.free_count or traveller_count > left:
            raise DepartureFull(places_left=largest_party(departure, hosts={row["institution_id"]}))
        await _count(departure_id, row["block_id"], travellers=traveller_count, units=row["unit_count"])
    await execute("UPDATE departure_seats SET expires_at = NULL, is_released = false WHERE id = $1", seat_id)
    return Seat(seat_id=seat_id, institution_id=row["institution_id"])


async def extend_seat(*, departure_id: UUID, seat_id: UUID, expires_at: datetime) -> None:
    """Let a hold on places end later. Refuses: NotFound; HoldLapsed when the places are free again, or are no hold."""
    require_transaction()
    await _lock_row(departure_id)
    row = await _row(departure_id, seat_id)
    if row["is_released"] or row["expires_at"] is None:
        raise HoldLapsed
    await execute("UPDATE departure_seats SET expires_at = $2 WHERE id = $1", seat_id, expires_at)


async def unseat(*, departure_id: UUID, seat_id: UUID) -> bool:
    """Give a party's places back; False, and no harm done, when they have been given back already. Refuses: NotFound."""
    require_transaction()
    await _lock_row(departure_id)
    return await _release(departure_id, [seat_id]) == 1


async def _lock_hosts(departure: Departure, *, now: datetime) -> dict[UUID, CertificationSnapshot]:
    """Lock the certifications of a departure's institutions and return those that may be sold; at least one, or refuse."""
    found: dict[UUID, CertificationSnapshot] = {}
    refusal: InstitutionNotBookable | StayBeyondCertificate | None = None
    for institution_id in sorted({block.institution_id for block in departure.blocks}):
        try:
            found[institution_id] = await certifications.ensure_bookable(
                institution_id=institution_id, check_in=departure.check_in, check_out=departure.check_out, now=now
            )
        except (InstitutionNotBookable, StayBeyondCertificate) as error:
            refusal = refusal or error
    if not found and refusal is not None:
        raise refusal
    return found


async def _lock_row(departure_id: UUID) -> None:
    if await fetch_one("SELECT id FROM departures WHERE id = $1 FOR NO KEY UPDATE", departure_id) is None:
        raise NotFound


async def _lock(departure_id: UUID, *, now: datetime, keeping: UUID | None = None) -> Departure:
    """Lock a departure, reclaim its lapsed holds (but for one that has just been paid for) and read it."""
    await _lock_row(departure_id)
    lapsed = await fetch(
        "SELECT id FROM departure_seats WHERE departure_id = $1 AND NOT is_released AND expires_at <= $2"
        " AND id IS DISTINCT FROM $3",
        departure_id,
        now,
        keeping,
    )
    if lapsed:
        await _release(departure_id, [row["id"] for row in lapsed])
    return await queries.departure(departure_id, now=now)


async def _release(departure_id: UUID, seat_ids: list[UUID]) -> int:
    rows = await fetch(
        "UPDATE departure_seats SET is_released = true WHERE departure_id = $1 AND id = ANY($2) AND NOT is_released"
        " RETURNING block_id, traveller_count, unit_count",
        departure_id,
        seat_ids,
    )
    for row in rows:
        await _count(departure_id, row["block_id"], travellers=-row["traveller_count"], units=-row["unit_count"])
    return len(rows)


async def _count(departure_id: UUID, block_id: UUID, *, travellers: int, units: int) -> None:
    """Move both counters of a locked departure; their checks are the last line against overselling."""
    await execute(
        "UPDATE departures SET traveller_count = traveller_count + $2 WHERE id = $1", departure_id, travellers
    )
    await execute("UPDATE departure_blocks SET taken_count = taken_count + $2 WHERE id = $1", block_id, units)


async def _row(departure_id: UUID, seat_id: UUID) -> asyncpg.Record:
    row = await fetch_one(
        "SELECT s.block_id, s.booking_id, s.traveller_count, s.unit_count, s.expires_at, s.is_released, b.institution_id"
        " FROM departure_seats s JOIN departure_blocks b ON b.id = s.block_id WHERE s.id = $1 AND s.departure_id = $2",
        seat_id,
        departure_id,
    )
    if row is None:
        raise NotFound
    return row


def _refuse_closed(departure: Departure, *, now: datetime) -> None:
    if not on_sale(departure, now=now):
        raise DepartureClosed(departure_status=departure.status)


def _fit(departure: Departure, *, hosts: Collection[UUID], traveller_count: int) -> Block:
    block = choose_block(departure.blocks, hosts=hosts, traveller_count=traveller_count)
    if block is None or departure.traveller_count + traveller_count > departure.group_max_count:
        raise DepartureFull(places_left=largest_party(departure, hosts=hosts))
    return block
