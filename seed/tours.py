"""Three tours by made-up organisers, one of each kind, with departures that set rooms aside in several institutions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.catalog.queries import room_type
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.tours import operations
from marketplace.tours.rules import BlockWanted, DepartureDraft, ItineraryDay, TourDraft, TourKind
from seed.institutions import PlantedInstitution
from seed.standings import Standing, standing_of


class TourPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A tour, where its group stays, and its departures as days from today with a price per head in fen."""

    draft: TourDraft
    place_codes: tuple[str, ...]
    departures: tuple[tuple[int, int], ...]


def _days(*days: tuple[str, str, str]) -> tuple[ItineraryDay, ...]:
    return tuple(
        ItineraryDay(
            day=number, place_code=place, title=title, title_en=title_en, meals=("breakfast", "lunch", "dinner")
        )
        for number, (place, title, title_en) in enumerate(days, start=1)
    )


_SLOW = (
    "erdaobaihe",
    "自由休养，午后林间慢行不超过半小时",
    "Rest; after lunch a walk in the woods of half an hour at most",
)
_FOREST = TourDraft(
    kind=TourKind.CUSTOM,
    name="岭南候鸟·长白山森林旅居十五日（示例）",
    name_en="Migratory Birds of the South: 15 Days in the Changbai Forest (example)",
    summary="小团定制，住在二道白河，日程从容，全程有领队与随团医护。",
    summary_en="A small group staying in Erdaobaihe at an easy pace, with a leader and a nurse throughout.",
    origin="广州",
    organiser_name="岭南慢行旅行社（示例）",
    organiser_licence="L-GD00000",
    services=("transport", "lodging", "meals", "guide", "sightseeing"),
    itinerary=_days(
        ("erdaobaihe", "抵达长白山站，接站入住", "Arrival at Changbaishan station, met and settled in"),
        _SLOW,
        ("erdaobaihe", "长白山北坡，天气不宜则改期", "The north slope, on another day if the weather is bad"),
        *[_SLOW] * 11,
        ("erdaobaihe", "送站", "Departure"),
    ),
    inclusions=("往返高铁二等座", "十四晚住宿", "全部正餐", "领队与医护", "北坡门票与环保车"),
    exclusions=("个人消费", "医疗费用"),
    group_min_count=10,
    group_max_count=16,
)
_TRAIN = TourDraft(
    kind=TourKind.TRAIN,
    name="银发专列·环长白山十二日（示例）",
    name_en="Silver Train: 12 Days around Changbai Mountain (example)",
    summary="适老化专列往返，分住多家认定机构，每二十五人一名领队，随车有医生。",
    summary_en="A train fitted for elders, several certified institutions, one leader for 25 travellers, a doctor aboard.",
    origin="武汉",
    organiser_name="江城银发旅行社（示例）",
    organiser_licence="L-HB00000",
    services=("transport", "lodging", "meals", "guide", "medical_escort"),
    itinerary=_days(
        ("songjianghe", "抵达长白山西站，分组入住", "Arrival at Changbaishan West, settled in by group"),
        *[("songjianghe", "休养与松江河镇内活动", "Rest, and what Songjianghe offers")] * 4,
        ("chixi", "长白山西坡，分批上山", "The west slope, in turns"),
        *[("songjianghe", "休养与老年大学课程", "Rest, and classes")] * 5,
        ("songjianghe", "送站", "Departure"),
    ),
    inclusions=("专列往返卧铺", "十一晚住宿", "全部正餐", "领队、医生与护士"),
    exclusions=("个人消费", "医疗费用"),
    group_min_count=40,
    group_max_count=60,
)
_FAMILY = TourDraft(
    kind=TourKind.FAMILY,
    name="三代同游·集安江畔八日（示例）",
    name_en="Three Generations on the Yalu: 8 Days in Ji'an (example)",
    summary="长者与子女同住相邻房间，上午同游，下午各自休息。",
    summary_en="Elders and their families in adjoining rooms: together in the morning, at rest in the afternoon.",
    origin="天津",
    organiser_name="渤海家庭旅行社（示例）",
    organiser_licence="L-TJ00000",
    services=("transport", "lodging", "meals", "guide", "sightseeing"),
    itinerary=_days(
        ("jian", "抵达通化站，专车前往集安", "Arrival at Tonghua, by coach to Ji'an"),
        *[("jian", "上午同游，下午休息", "Together in the morning, rest in the afternoon")] * 6,
        ("jian", "送站", "Departure"),
    ),
    inclusions=("往返高铁二等座", "七晚住宿", "全部正餐", "景点门票"),
    exclusions=("个人消费", "医疗费用"),
    group_min_count=6,
    group_max_count=12,
)
TOURS = (
    TourPlan(draft=_FOREST, place_codes=("erdaobaihe",), departures=((45, 688_000), (80, 728_000), (6, 668_000))),
    TourPlan(draft=_TRAIN, place_codes=("songjianghe", "chixi", "donggang"), departures=((110, 598_000),)),
    TourPlan(draft=_FAMILY, place_codes=("jian", "taiwang"), departures=((16, 328_000), (60, 358_000), (6, 308_000))),
)
# Departures of the next days were opened long ago: formation is decided seven days before they leave.
OPENED_BEFORE = timedelta(days=40)
_DECIDED_DAYS = 7


async def plant_tours(institutions: Sequence[PlantedInstitution], *, now: datetime) -> dict[TourKind, list[UUID]]:
    """Publish the tours, open their departures, and return these by kind, those about to be decided last."""
    return {plan.draft.kind: await _plant(plan, institutions, now=now) for plan in TOURS}


async def _plant(plan: TourPlan, institutions: Sequence[PlantedInstitution], *, now: datetime) -> list[UUID]:
    tour_id = await operations.publish_tour(draft=plan.draft, actor=SYSTEM, now=now)
    hosts = [
        planted
        for number, planted in enumerate(institutions)
        if planted.plan.place.code in plan.place_codes and standing_of(number) is Standing.CERTIFIED
    ]
    blocks = await _blocks(hosts, place_count=plan.draft.group_max_count)
    return [
        await operations.open_departure(
            draft=DepartureDraft(
                tour_id=tour_id,
                check_in=local_date(now) + timedelta(days=days),
                check_out=local_date(now) + timedelta(days=days + len(plan.draft.itinerary) - 1),
                price_amount=price_amount,
                blocks=blocks,
            ),
            actor=SYSTEM,
            now=now - OPENED_BEFORE if days <= _DECIDED_DAYS else now,
        )
        for days, price_amount in plan.departures
    ]


async def _blocks(hosts: Sequence[PlantedInstitution], *, place_count: int) -> tuple[BlockWanted, ...]:
    """Set aside up to a third of each host's twin rooms, until the whole group has a place."""
    found: list[BlockWanted] = []
    for planted in hosts:
        if place_count <= 0:
            break
        twin = await room_type(planted.room_type_ids[0])
        units = min(max(1, twin.unit_count // 3), -(-place_count // twin.guests_max))
        found.append(BlockWanted(room_type_id=twin.id, unit_count=units))
        place_count -= units * twin.guests_max
    return tuple(found)
