"""The rooms behind the doors of the houses that somebody of the demo works for."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from marketplace.inventory import operations
from marketplace.inventory.rules import RoomDraft
from marketplace.kit.audit import SYSTEM
from seed.institutions import PlantedInstitution
from seed.rooms import RoomPlan

ROOMS_PER_FLOOR = 12
# From here on a house has a lift.
LIFT_STOREYS = 4


async def plant_doors(planted: PlantedInstitution, *, now: datetime) -> None:
    """Number every room of an institution: barrier-free ones on the ground floor, the others above."""
    used: Counter[int] = Counter()
    for room, room_type_id in zip(planted.plan.rooms, planted.room_type_ids, strict=True):
        drafts = list(_doors(room, used, has_lift=planted.plan.storeys >= LIFT_STOREYS))
        await operations.set_rooms(actor=SYSTEM, room_type_id=room_type_id, drafts=drafts, now=now)


def _doors(room: RoomPlan, used: Counter[int], *, has_lift: bool) -> Iterator[RoomDraft]:
    beds = room.beds_per_room
    for unit in range(room.unit_count):
        floor = 1 if room.is_barrier_free else 2 + unit // beds // ROOMS_PER_FLOOR
        used[floor] += unit % beds == 0
        bed = f"-{unit % beds + 1}" if beds > 1 else ""
        number = f"{floor}{used[floor]:02}"
        yield RoomDraft(
            number=f"{number}{bed}",
            floor=floor,
            has_lift=has_lift,
            wing=f"{floor} 层",
            in_room=number if beds > 1 else None,
        )
