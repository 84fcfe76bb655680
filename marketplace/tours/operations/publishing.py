"""Publishing a tour, and opening a departure of it: its blocks are taken in every institution, or in none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.catalog import queries as catalog
from marketplace.catalog.rules import RoomType
from marketplace.certifications import operations as certifications
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import AllocationKind, Wanted
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.places.queries import places_by_code
from marketplace.tours import queries
from marketplace.tours.events import DepartureOpened
from marketplace.tours.jobs import DecideFormation
from marketplace.tours.rules import (
    BlockWanted,
    DepartureDraft,
    TourDraft,
    check_capacity,
    check_group,
    check_opening,
    check_publication,
    decide_at,
)
from marketplace.tours.states import Status


async def publish_tour(*, draft: TourDraft, actor: Actor, now: datetime) -> UUID:
    """Publish a tour that says everything that the law wants said (R07), and return its id.

    Refuses: Invalid naming the field.
    """
    check_publication(draft, place_codes=await places_by_code())
    tour_id = new_id()
    columns = msgspec.structs.asdict(draft) | {"id": tour_id, "published_at": now}
    columns["itinerary"] = msgspec.json.encode(draft.itinerary).decode()
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    async with transaction():
        published = await execute(
            f"INSERT INTO tours ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (name) DO NOTHING",
            *columns.values(),
        )
        if not published:
            raise invalid("name", zh="已有同名产品", en="Another tour has this name.")
        await audit.record("tour.published", actor=actor, subject=tour_id, now=now, after=draft)
    return tour_id


async def open_departure(*, draft: DepartureDraft, actor: Actor, now: datetime) -> UUID:
    """Put a departure on sale with units set aside in every institution on every night, and return its id.

    Lock order: certifications → departure (new) → room types.
    Refuses: NotFound; Invalid naming the field; InstitutionNotBookable, StayBeyondCertificate; NotAvailable. Nothing is
    set aside then. Publishes: departure.opened; tours.decide_formation at the decision.
    """
    tour = await queries.tour(draft.tour_id)
    check_opening(draft, tour, now=now)
    group_min_count = draft.group_min_count or tour.group_min_count
    group_max_count = draft.group_max_count or tour.group_max_count
    check_group(group_min_count=group_min_count, group_max_count=group_max_count)
    room_types = await _room_types(draft.blocks)
    places = sum(block.unit_count * found.guests_max for block, found in zip(draft.blocks, room_types, strict=True))
    check_capacity(places, group_max_count=group_max_count)
    departure_id = new_id()
    async with transaction():
        for institution_id in sorted({found.institution_id for found in room_types}):
            await certifications.ensure_bookable(
                institution_id=institution_id, check_in=draft.check_in, check_out=draft.check_out, now=now
            )
        await execute(
            "INSERT INTO departures (id, tour_id, status, check_in, check_out, group_min_count, group_max_count,"
            " traveller_count, price_amount, decide_at, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)",
            departure_id,
            draft.tour_id,
            Status.OPEN.value,
            draft.check_in,
            draft.check_out,
            group_min_count,
            group_max_count,
            draft.price_amount,
            decide_at(draft.check_in),
            now,
        )
        await _take_blocks(departure_id, draft, room_types, now=now)
        news = DepartureOpened(departure_id=departure_id, tour_id=draft.tour_id, check_in=draft.check_in)
        await publish(news, now=now)
        await publish(DecideFormation(departure_id=departure_id), now=now, due_at=decide_at(draft.check_in))
        await audit.record("departure.opened", actor=actor, subject=departure_id, now=now, after=draft)
    return departure_id


async def _room_types(blocks: Sequence[BlockWanted]) -> list[RoomType]:
    found = await catalog.room_types([block.room_type_id for block in blocks])
    for i, block in enumerate(blocks):
        if block.room_type_id not in found:
            raise invalid(f"blocks.{i}.room_type_id", zh="没有此房型", en="There is no such room type.")
        if found[block.room_type_id].is_shared:
            # Seats know nobody's gender, so strangers of a group might meet in one room.
            raise invalid(f"blocks.{i}.room_type_id", zh="合住床位不能切位", en="Shared rooms cannot be set aside.")
    return [found[block.room_type_id] for block in blocks]


async def _take_blocks(
    departure_id: UUID, draft: DepartureDraft, room_types: Sequence[RoomType], *, now: datetime
) -> None:
    allocation_ids = await inventory.take_many(
        [
            Wanted(
                room_type_id=block.room_type_id,
                check_in=draft.check_in,
                check_out=draft.check_out,
                unit_count=block.unit_count,
                kind=AllocationKind.BLOCK,
                owner_id=departure_id,
            )
            for block in draft.blocks
        ],
        now=now,
    )
    for position, (allocation_id, block, room_type) in enumerate(
        zip(allocation_ids, draft.blocks, room_types, strict=True), start=1
    ):
        await execute(
            "INSERT INTO departure_blocks (id, departure_id, institution_id, room_type_id, allocation_id, position,"
            " unit_count, guests_per_unit, taken_count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
            new_id(),
            departure_id,
            room_type.institution_id,
            room_type.id,
            allocation_id,
            position,
            block.unit_count,
            room_type.guests_max,
        )
