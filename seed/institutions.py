"""Sixty-six made-up institutions at real places: the same in every run, marked as examples in name and data."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from marketplace.catalog import operations as catalog
from marketplace.catalog.rules import Drawing, RoomTypeDraft
from marketplace.institutions import operations
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.kit.db import transaction
from marketplace.places.rules import Place, Position
from seed.drawing import Season, draw_house, draw_room
from seed.names import address_of, names_of, scene_of
from seed.places import PLACES, SPRING_CHANGBAISHAN, SPRING_PLAIN
from seed.rooms import RoomPlan, plan_rooms

SEED = 20261121
# More where more guests go; together sixty-six.
COUNTS = {
    "erdaobaihe": 7, "chixi": 4, "songjianghe": 5, "donggang": 2, "lushuihe": 2, "xianrenqiao": 4, "linjiang": 3,
    "longjing": 3, "jian": 6, "taiwang": 2, "hunchun": 6, "jingxin": 2, "lianhuashan": 3, "jingyue": 3, "shuangyang": 3,
    "yitong": 2, "jilin-city": 3, "yongji": 2, "songyuan": 2, "chaganhu": 2,
}  # fmt: skip
# Radon is named for the springs of 抚松; elsewhere nothing is known of it.
RADON = frozenset({"xianrenqiao", "chixi"})
SPRINGS = frozenset({SPRING_CHANGBAISHAN.code, SPRING_PLAIN.code})
SPREAD_DEGREES = 0.012
SEASONS: tuple[Season, ...] = ("summer", "autumn", "winter")


class InstitutionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """An institution to be, with everything that follows from the seed; ``grade`` is what its assessment will find."""

    name: str
    name_en: str
    place: Place
    address: str
    position: Position
    licensed_bed_count: int
    opened_days_ago: int
    summary: str
    summary_en: str
    services: tuple[str, ...]
    languages: tuple[str, ...]
    barrier_free: tuple[str, ...]
    ability_level_max: int
    rooms: tuple[RoomPlan, ...]
    grade: int
    storeys: int
    picture_seed: int


class PlantedInstitution(msgspec.Struct, frozen=True, kw_only=True):
    """An institution that is there now."""

    id: UUID
    plan: InstitutionPlan
    room_type_ids: tuple[UUID, ...]


def plan_institutions() -> tuple[InstitutionPlan, ...]:
    """Draw all institutions; the same list every time."""
    random = Random(SEED)
    return tuple(
        _plan(place, name, name_en, random)
        for place in PLACES
        for name, name_en in names_of(place, random, count=COUNTS[place.code])
    )


def _plan(place: Place, name: str, name_en: str, random: Random) -> InstitutionPlan:
    grade = random.choices((3, 4, 5), (5, 4, 2))[0]
    ability_level_max = random.choices((1, 2, 3, 4), (4, 5, 2, 2))[0]
    licensed = random.randrange(50, 261, 10)
    services = _services(place, random, ability_level_max=ability_level_max)
    summary, summary_en = _summary(place, services, licensed=licensed)
    return InstitutionPlan(
        name=name,
        name_en=name_en,
        place=place,
        address=address_of(place, random),
        position=_nearby(place.position, random),
        licensed_bed_count=licensed,
        opened_days_ago=random.randint(500, 4_000),
        summary=summary,
        summary_en=summary_en,
        services=services,
        languages=_languages(place, random),
        barrier_free=_barrier_free(random),
        ability_level_max=ability_level_max,
        rooms=plan_rooms(random, licensed_bed_count=licensed, cares=ability_level_max >= 3, grade=grade),
        grade=grade,
        storeys=random.randint(2, 4),
        picture_seed=random.getrandbits(32),
    )


def _nearby(position: Position, random: Random) -> Position:
    return Position(
        round(position.latitude + random.uniform(-SPREAD_DEGREES, SPREAD_DEGREES), 6),
        round(position.longitude + random.uniform(-SPREAD_DEGREES, SPREAD_DEGREES), 6),
        position.datum,
    )


def _services(place: Place, random: Random, *, ability_level_max: int) -> tuple[str, ...]:
    found = ["meals", "transfer"]
    if SPRINGS & {cluster.code for cluster in place.clusters} and random.random() < 0.75:
        found.append("hot_spring")
        if place.code in RADON and random.random() < 0.6:
            found.append("radon_spring")
    if ability_level_max >= 2:
        found.append("companion_care")
    if ability_level_max >= 3:
        found += ["medical_care", "rehabilitation"]
    if ability_level_max == 4:
        found.append("dementia_care")
    return (*found, *random.sample(("tcm", "old_age_university", "day_trips", "family_stay"), random.randint(1, 3)))


def _languages(place: Place, random: Random) -> tuple[str, ...]:
    local = ["ko"] if place.division_code.startswith("2224") or place.code in {"jian", "taiwang"} else []
    if place.division_code.startswith("222404"):
        local.append("ru")
    return ("zh", *local, *random.sample(("yue", "wuu", "nan", "en"), random.randint(0, 2)))


def _barrier_free(random: Random) -> tuple[str, ...]:
    rest = ("lift", "roll_in_shower", "wheelchair_rooms", "large_print", "night_lights")
    return ("step_free_entrance", "grab_rails", "call_bell", *random.sample(rest, random.randint(1, 4)))


def _summary(place: Place, services: tuple[str, ...], *, licensed: int) -> tuple[str, str]:
    july = next((month.mean_c for month in place.climate if month.month == 7), None)
    zh = f"示例机构，位于{place.name_zh}，核定床位 {licensed} 张。"
    en = f"An example, not a real institution, at {place.name_en}; {licensed} licensed beds."
    if july is not None:
        zh += f"七月平均气温约 {july:.0f}℃。"
        en += f" July averages about {july:.0f} °C."
    if place.hub:
        zh += f"可自{place.hub}接送。"
        en += f" Guests are met at {place.hub_en}."
    if "hot_spring" in services:
        zh += "温泉入浴前筛查，水温不超过 40℃，全程有人看护。"
        en += " Bathing is screened, at 40 °C at most, and always attended."
    if "radon_spring" in services:
        zh += "氡泉须凭医嘱。"
        en += " The radon spring is only for guests whose physician advises it."
    return zh, en


async def plant_institution(plan: InstitutionPlan, *, now: datetime, pictures: bool = True) -> PlantedInstitution:
    """Register an institution, add its room types and pictures, and publish its listing; certification comes apart."""
    async with transaction():
        institution_id = await operations.register(
            name=plan.name,
            name_en=plan.name_en,
            uscc=None,
            place_code=plan.place.code,
            address=plan.address,
            position=plan.position,
            licensed_bed_count=plan.licensed_bed_count,
            opened_on=_opened_on(plan, now),
            is_example=True,
            actor=SYSTEM,
            now=now,
        )
        room_type_ids = tuple(
            await catalog.add_room_types(
                institution_id=institution_id,
                drafts=[msgspec.convert(room, RoomTypeDraft, from_attributes=True) for room in plan.rooms],
                actor=SYSTEM,
                now=now,
            )
        )
        if pictures:
            drawings = [*_houses(plan), *_rooms(plan, room_type_ids)]
            await catalog.add_pictures(institution_id=institution_id, drawings=drawings, actor=SYSTEM, now=now)
        await catalog.publish_listing(
            institution_id=institution_id,
            summary=plan.summary,
            summary_en=plan.summary_en,
            services=plan.services,
            languages=plan.languages,
            barrier_free=plan.barrier_free,
            ability_level_min=0,
            ability_level_max=plan.ability_level_max,
            actor=SYSTEM,
            now=now,
        )
    return PlantedInstitution(id=institution_id, plan=plan, room_type_ids=room_type_ids)


def _opened_on(plan: InstitutionPlan, now: datetime) -> date:
    return local_date(now) - timedelta(days=plan.opened_days_ago)


_SEASON_NAMES = {"summer": ("夏", "in summer"), "autumn": ("秋", "in autumn"), "winter": ("冬", "in winter")}


def _houses(plan: InstitutionPlan) -> Iterator[Drawing]:
    for season in SEASONS:
        zh, en = _SEASON_NAMES[season]
        caption_zh, caption_en = f"{plan.name} · {zh}（绘图）", f"{plan.name_en} {en} (drawing)"
        yield Drawing(
            caption_zh=caption_zh,
            caption_en=caption_en,
            # The house stays the same through the seasons because it is drawn from the same numbers.
            svg=draw_house(
                title=caption_zh,
                scene=scene_of(plan.place),
                season=season,
                storeys=plan.storeys,
                random=Random(plan.picture_seed),
            ),
        )


def _rooms(plan: InstitutionPlan, room_type_ids: tuple[UUID, ...]) -> Iterator[Drawing]:
    random = Random(plan.picture_seed)
    for room, room_type_id in zip(plan.rooms, room_type_ids, strict=True):
        caption_zh, caption_en = f"{room.name}（绘图）", f"{room.name_en} (drawing)"
        yield Drawing(
            room_type_id=room_type_id,
            caption_zh=caption_zh,
            caption_en=caption_en,
            svg=draw_room(
                title=caption_zh,
                beds=1 if room.bed_kind == "double" else room.guests_max,
                season=random.choice(SEASONS),
                random=random,
            ),
        )
