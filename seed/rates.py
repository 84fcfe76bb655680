"""Four hundred nights of every room type, priced by season; the prices are invented, for made-up institutions only.

High season is 避暑 from mid-June to mid-September with its peak in July and August, 红叶 around National Day, and
冰雪 with hot springs from December to February; April, May and November are low (domain reference §5.2).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from marketplace.inventory import operations
from marketplace.inventory.rules import HORIZON_NIGHTS, NightRange
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from seed.institutions import PlantedInstitution
from seed.rooms import RoomPlan

PRICE_STEP = 500


class Season(NamedTuple):
    """What a season does to a price, in percent, and how long one stays at least."""

    percent: int
    min_stay_count: int


PEAK = Season(135, 7)
SUMMER = Season(120, 3)
FOLIAGE = Season(115, 3)
ICE = Season(115, 3)
SHOULDER = Season(95, 1)
LOW = Season(80, 1)
# The last day of each stretch of the year, as (month, day).
_CALENDAR = (
    ((2, 29), ICE),
    ((3, 31), SHOULDER),
    ((5, 31), LOW),
    ((6, 14), SHOULDER),
    ((6, 30), SUMMER),
    ((8, 31), PEAK),
    ((9, 15), SUMMER),
    ((9, 20), SHOULDER),
    ((10, 10), FOLIAGE),
    ((10, 31), SHOULDER),
    ((11, 30), LOW),
    ((12, 31), ICE),
)


def season_on(night: date) -> Season:
    """Return the season that a night belongs to."""
    return next(season for last, season in _CALENDAR if (night.month, night.day) <= last)


def ranges_of(room: RoomPlan, *, first: date) -> list[NightRange]:
    """Return the nights of a room type from ``first`` on, one range per stretch of a season."""
    return [
        NightRange(
            first=begin,
            end=end,
            unit_count=room.unit_count,
            price_amount=round(room.price_amount * season.percent / 100 / PRICE_STEP) * PRICE_STEP,
            min_stay_count=season.min_stay_count,
        )
        for season, begin, end in _stretches(first)
    ]


@lru_cache(maxsize=4)
def _stretches(first: date) -> tuple[tuple[Season, date, date], ...]:
    nights = (first + timedelta(days=number) for number in range(HORIZON_NIGHTS))
    found = [(season, list(group)) for season, group in groupby(nights, key=season_on)]
    return tuple((season, stretch[0], stretch[-1] + timedelta(days=1)) for season, stretch in found)


async def plant_rates(planted: PlantedInstitution, *, now: datetime) -> None:
    """Put every room type of an institution on sale for the whole horizon."""
    await plant_nights(dict(zip(planted.room_type_ids, planted.plan.rooms, strict=True)), now=now)


async def plant_nights(rooms: Mapping[UUID, RoomPlan], *, now: datetime) -> None:
    """Put room types, by id, on sale for the whole horizon."""
    ranges = {room_type_id: ranges_of(room, first=local_date(now)) for room_type_id, room in rooms.items()}
    await operations.set_nights_of_many(actor=SYSTEM, ranges=ranges, now=now)
