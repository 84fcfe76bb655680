"""Units that nobody can live in for a while: taken like any others, so that the counters stay the sum of what is taken."""

from datetime import date, datetime
from uuid import UUID

from marketplace.inventory.operations.rooming import pin
from marketplace.inventory.operations.taking import release, take
from marketplace.inventory.queries import hosted_room_type
from marketplace.inventory.rules import AllocationKind, OutOfService, check_outage
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch_one, transaction
from marketplace.kit.errors import NotFound


async def take_out_of_service(  # noqa: PLR0913 - units out of service are these facts, each named at the call.
    *,
    actor: audit.Actor,
    room_type_id: UUID,
    first: date,
    end: date,
    unit_count: int,
    reason: str,
    room_number: str | None = None,
    now: datetime,
) -> OutOfService:
    """Take units out of service on the nights ``[first, end)``, whether or not those are on sale.

    Guests come first: units that are sold must be moved before they can be repaired.

    With ``room_number`` it is that one room, and who was to get it later gets another.

    Refuses: NotFound; Invalid naming the field; NotAvailable naming the first night on which too few are left; RoomInUse.
    """
    async with transaction():
        room_type = await hosted_room_type(room_type_id, actor=actor)
        units_max = 1 if room_number is not None else room_type.unit_count
        check_outage(first=first, end=end, unit_count=unit_count, units_max=units_max, today=local_date(now))
        allocation_id = await take(
            room_type_id=room_type_id,
            check_in=first,
            check_out=end,
            unit_count=unit_count,
            kind=AllocationKind.OUT_OF_SERVICE,
            owner_id=room_type.institution_id,
            expires_at=None,
            reason=reason,
            now=now,
        )
        if room_number is not None:
            await pin(
                room_type_id=room_type_id,
                number=room_number,
                allocation_id=allocation_id,
                first=first,
                end=end,
                now=now,
            )
        taken = OutOfService(
            id=allocation_id,
            room_type_id=room_type_id,
            first=first,
            end=end,
            unit_count=unit_count,
            reason=reason,
            room_number=room_number,
        )
        await audit.record("inventory.out_of_service", actor=actor, subject=allocation_id, now=now, after=taken)
    return taken


async def return_to_service(*, actor: audit.Actor, room_type_id: UUID, outage_id: UUID, now: datetime) -> None:
    """Sell units again that were out of service, on all of their nights. Refuses: NotFound."""
    async with transaction():
        await hosted_room_type(room_type_id, actor=actor)
        row = await fetch_one(
            "SELECT FROM allocations WHERE id = $1 AND room_type_id = $2 AND kind = 'out_of_service'",
            outage_id,
            room_type_id,
        )
        if row is None or not await release(allocation_id=outage_id):
            raise NotFound
        await audit.record("inventory.back_in_service", actor=actor, subject=outage_id, now=now)
