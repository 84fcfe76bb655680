import asyncio

import asyncpg
import msgspec
import pytest

from marketplace.catalog.errors import BeyondLicensedBeds, MedicalClaim, RoomTypeTaken, UnsafePicture
from marketplace.catalog.operations import add_picture, add_room_type, publish_listing
from marketplace.catalog.queries import pictures_of, room_type, room_types, room_types_of
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from seed.institutions import plan_institutions, plant_institution
from seed.places import plant_places

from .conftest import NOW, PLANS

TWIN = {
    "name": "湖景双人间", "name_en": "Lake view twin", "sold_by": "room", "unit_count": 1, "guests_max": 2,
    "area_m2": 24, "bed_kind": "twin", "is_barrier_free": False,
}  # fmt: skip


async def beds_left(planted) -> int:
    return planted.plan.licensed_bed_count - sum(found.beds for found in await room_types_of(planted.id))


async def test_room_types_come_back_in_the_order_added(add) -> None:
    planted = await add("jian")

    found = await room_types_of(planted.id)
    assert [one.id for one in found] == list(planted.room_type_ids)
    assert [one.name for one in found] == [room.name for room in planted.plan.rooms]
    assert await room_type(found[0].id) == found[0]
    assert await room_types([found[1].id, new_id()]) == {found[1].id: found[1]}
    with pytest.raises(NotFound):
        await room_type(new_id())


async def test_beds_never_pass_the_licence(add) -> None:
    planted = await add("jian")
    left = await beds_left(planted)

    await add_room_type(institution_id=planted.id, **TWIN | {"unit_count": left // 2}, actor=SYSTEM, now=NOW)
    before = await room_types_of(planted.id)
    with pytest.raises(BeyondLicensedBeds):
        await add_room_type(institution_id=planted.id, **TWIN | {"name": "多一间"}, actor=SYSTEM, now=NOW)

    assert await room_types_of(planted.id) == before


async def test_not_even_raw_sql_passes_the_licence(add) -> None:
    planted = await add("jian")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="more beds than it is licensed for"):
        async with transaction():
            await execute("UPDATE room_types SET unit_count = 10000 WHERE institution_id = $1", planted.id)


async def test_two_additions_at_once_cannot_pass_the_licence_together(committed: str) -> None:
    await plant_places(now=NOW)
    planted = await plant_institution(PLANS["jian"], now=NOW, pictures=False)
    units = await beds_left(planted) // 2

    answers = await asyncio.gather(
        *(
            add_room_type(
                institution_id=planted.id,
                **TWIN | {"name": f"第{number}种", "unit_count": units},
                actor=SYSTEM,
                now=NOW,
            )
            for number in range(5)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, BeyondLicensedBeds) for answer in answers) == 4
    assert await beds_left(planted) >= 0


async def test_a_name_is_used_once_per_institution(add) -> None:
    planted = await add("jian")
    name = planted.plan.rooms[0].name

    with pytest.raises(RoomTypeTaken):
        await add_room_type(institution_id=planted.id, **TWIN | {"name": name}, actor=SYSTEM, now=NOW)
    assert len(await room_types_of(planted.id)) == len(planted.plan.rooms)


async def publish(planted, **changes):
    facts = {
        "summary": planted.plan.summary,
        "summary_en": planted.plan.summary_en,
        "services": planted.plan.services,
        "languages": planted.plan.languages,
        "barrier_free": planted.plan.barrier_free,
        "ability_level_min": 0,
        "ability_level_max": 2,
    }
    await publish_listing(institution_id=planted.id, **(facts | changes), actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"summary": "氡泉抗癌"}, MedicalClaim),
        ({"summary_en": "A miracle spring"}, MedicalClaim),
        ({"services": ["hot_spring", "casino"]}, Invalid),
        ({"services": ["hot_spring", "hot_spring"]}, Invalid),
        ({"languages": ["tlh"]}, Invalid),
        ({"barrier_free": ["trampoline"]}, Invalid),
        ({"ability_level_min": 3, "ability_level_max": 2}, Invalid),
        ({"ability_level_max": 5}, Invalid),
    ],
)
async def test_what_may_not_be_published_changes_nothing(add, changes, refusal) -> None:
    planted = await add("jian")
    stored = "SELECT l || to_jsonb(s) FROM (SELECT to_jsonb(l) AS l FROM listings l) l, institution_search s"
    before = await fetch_value(stored)

    with pytest.raises(refusal):
        await publish(planted, **changes)

    assert await fetch_value(stored) == before


async def test_a_claim_in_the_name_stops_the_listing_too(add) -> None:
    plan = msgspec.structs.replace(PLANS["jian"], name="集安百病不侵康养院（示例）")

    with pytest.raises(MedicalClaim):
        await plant_institution(plan, now=NOW, pictures=False)
    assert await fetch_value("SELECT count(*) FROM institutions") == 0


async def test_nobody_publishes_for_an_institution_that_is_not_there(add) -> None:
    planted = await add("jian")
    gone = msgspec.structs.replace(planted, id=new_id())

    with pytest.raises(NotFound):
        await publish(gone)


async def test_pictures_belong_to_an_institution_and_its_own_rooms(add) -> None:
    one, other = await add("jian", pictures=True), await add("hunchun")
    pictures = (await pictures_of([one.id, other.id]))[one.id]

    assert len(pictures) == 3 + len(one.plan.rooms)
    assert (await pictures_of([other.id])) == {other.id: []}
    with pytest.raises(NotFound):
        await draw(one.id, room_type_id=other.room_type_ids[0])
    with pytest.raises(NotFound):
        await draw(new_id())


async def draw(
    institution_id, *, room_type_id=None, svg="<svg xmlns='http://www.w3.org/2000/svg'><title>屋</title></svg>"
):
    return await add_picture(
        institution_id=institution_id,
        room_type_id=room_type_id,
        caption_zh="屋",
        caption_en="House",
        svg=svg,
        actor=SYSTEM,
        now=NOW,
    )


async def test_an_unsafe_picture_is_not_kept(add) -> None:
    planted = await add("jian")

    with pytest.raises(UnsafePicture):
        await draw(planted.id, svg="<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    assert await fetch_value("SELECT count(*) FROM media") == 0


def test_the_demo_world_is_the_same_every_time_and_within_its_licences() -> None:
    plans = plan_institutions()

    assert plans == plan_institutions()
    assert len(plans) >= 60
    assert len({plan.name for plan in plans}) == len(plans)
    for plan in plans:
        assert plan.name.endswith("（示例）")
        assert 3 <= len(plan.rooms) <= 6
        assert sum(room.unit_count * room.guests_max for room in plan.rooms) <= plan.licensed_bed_count
    clusters = {cluster.code for plan in plans for cluster in plan.place.clusters}
    assert clusters == {"changbaishan", "jian", "hunchun", "spring-changbaishan", "spring-changchun-jilin-songyuan"}
