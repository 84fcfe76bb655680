"""Taking, keeping and giving back units, each one round trip while the room type's row is locked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from marketplace.inventory.errors import CompanionBedsTaken, HoldLapsed, NotAvailable
from marketplace.inventory.rules import Gender, Wanted, restricted
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.ids import new_id


async def take(  # noqa: PLR0913 - an allocation is these facts, each named at the call.
    *,
    room_type_id: UUID,
    check_in: date,
    check_out: date,
    unit_count: int,
    kind: str,
    owner_id: UUID,
    expires_at: datetime | None,
    reason: str | None = None,
    gender: Gender | None = None,
    companion_bed_count: int = 0,
    now: datetime,
) -> UUID:
    """Set units aside on every night of ``[check_in, check_out)``, or on none, and return the allocation.

    A hold has ``expires_at``; None takes for good. Holds that lapsed by ``now`` never stand in the way. A booking obeys
    the restrictions of its nights as they are now, a block does not, and units out of service, which say the ``reason``,
    are taken whether or not their nights are on sale. Where rooms are shared, fewer beds of one ``gender`` than a room has
    are taken in a room in which nobody of another gender sleeps on any of the nights; otherwise, and when no gender is
    given, rooms are set aside whole. Companion beds are counted beside the units. ``allocations`` rows are deleted when they end, so keep no foreign
    key to them that would not fall with them.

    Refuses: NotAvailable (``first_full_night``), StayRestricted (``night``), CompanionBedsTaken (``night``, ``left``);
    nothing has changed then, also within the transaction.
    """
    require_transaction()
    allocation_id = new_id()
    row = await fetch_one(
        # Two dates and no range: a new connection would first have to ask PostgreSQL what a range is.
        "SELECT * FROM take_nights($1, $2, daterange($3, $4), $5, $6, $7, $8, $9, $10, $11, $12)",
        allocation_id,
        room_type_id,
        check_in,
        check_out,
        unit_count,
        kind,
        owner_id,
        expires_at,
        now,
        reason,
        gender,
        companion_bed_count,
    )
    assert row is not None
    if row["refused"] == "full":
        raise NotAvailable(first_full_night=row["refused_night"])
    if row["refused"] == "companion_beds_taken":
        raise CompanionBedsTaken(night=row["refused_night"], left=row["bound"])
    if row["refused"] is not None:
        raise restricted(row["refused"], night=row["refused_night"], bound=row["bound"])
    return allocation_id


async def take_many(wanted: Sequence[Wanted], *, now: datetime) -> list[UUID]:
    """Take from several room types, all or none, in the order of their ids; allocations in the order asked.

    Refuses: NotAvailable, StayRestricted.
    """
    require_transaction()
    taken: dict[int, UUID] = {}
    async with transaction():
        for i in sorted(range(len(wanted)), key=lambda i: wanted[i].room_type_id):
            one = wanted[i]
            taken[i] = await take(
                room_type_id=one.room_type_id,
                check_in=one.check_in,
                check_out=one.check_out,
                unit_count=one.unit_count,
                kind=one.kind,
                owner_id=one.owner_id,
                expires_at=one.expires_at,
                gender=one.gender,
                companion_bed_count=one.companion_bed_count,
                now=now,
            )
    return [taken[i] for i in range(len(wanted))]


_LOCK_OF = (
    "WITH lock AS (SELECT l.room_type_id FROM room_type_locks l JOIN allocations a ON a.room_type_id = l.room_type_id"
    " WHERE a.id = $1 FOR NO KEY UPDATE OF l) "
)


async def keep(*, allocation_id: UUID) -> bool:
    """Turn a hold into an allocation for good; False when it is gone.

    A hold that has lapsed but that nobody has reclaimed is kept: its units are still set aside, and money is here.
    """
    require_transaction()
    kept = await execute(_LOCK_OF + "UPDATE allocations SET expires_at = NULL FROM lock WHERE id = $1", allocation_id)
    return kept == 1


async def extend(*, allocation_id: UUID, expires_at: datetime, now: datetime) -> None:
    """Let a hold end later. Refuses: HoldLapsed."""
    require_transaction()
    extended = await execute(
        _LOCK_OF + "UPDATE allocations SET expires_at = $2 FROM lock WHERE id = $1 AND expires_at > $3",
        allocation_id,
        expires_at,
        now,
    )
    if extended == 0:
        raise HoldLapsed


async def exchange(*, allocation_id: UUID, wanted: Wanted, now: datetime) -> UUID:
    """Give one allocation back and take another in its place, or leave all as it is; returns the new allocation.

    Both room types are locked in id order first, so that two who change places do not wait for each other.
    Refuses: HoldLapsed when there is nothing to exchange any more; NotAvailable, StayRestricted, CompanionBedsTaken.
    """
    require_transaction()
    async with transaction():
        await fetch(
            "SELECT room_type_id FROM room_type_locks"
            " WHERE room_type_id IN ($1, (SELECT room_type_id FROM allocations WHERE id = $2))"
            " ORDER BY room_type_id FOR NO KEY UPDATE",
            wanted.room_type_id,
            allocation_id,
        )
        if not await release(allocation_id=allocation_id):
            raise HoldLapsed
        (taken,) = await take_many([wanted], now=now)
    return taken


async def join(*, allocation_id: UUID, further_id: UUID) -> bool:
    """Make one allocation of two that follow each other in the same rooms; False, and nothing done, when they do not."""
    require_transaction()
    joined: bool = await fetch_value("SELECT join_allocations($1, $2)", allocation_id, further_id)
    return joined


async def release(*, allocation_id: UUID) -> bool:
    """Give units back; False, and no harm done, when they have been given back already."""
    require_transaction()
    released: bool = await fetch_value("SELECT release_allocation($1)", allocation_id)
    return released


async def release_many(allocation_ids: Iterable[UUID]) -> int:
    """Give several allocations back, in the order of their room types; returns how many were still there."""
    require_transaction()
    rows = await fetch("SELECT id FROM allocations WHERE id = ANY($1) ORDER BY room_type_id, id", list(allocation_ids))
    return sum([await release(allocation_id=row["id"]) for row in rows])
