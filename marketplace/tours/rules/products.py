"""What a tour is, and what must be told before it may be published (R07; 旅游法 58, 59 and 111)."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from marketplace.kit.errors import invalid

GROUP_MAX = 2_000
DAYS_MAX = 60
# Two services at one price make a package (旅游法 111), and with it every duty below; a single one is sold as a room.
PACKAGE_SERVICES_MIN = 2
# A travel agency's licence as civil registers write it: L, province, and the number, sometimes with a class between.
LICENCE_PATTERN = "^L-[A-Z]{2}(-[A-Z]{2})?-?[0-9]{5,6}$"

_LICENCE = re.compile(LICENCE_PATTERN)

Service = Literal[
    "transport", "lodging", "meals", "sightseeing", "guide", "hot_spring", "tcm", "medical_escort", "health_check"
]
Meal = Literal["breakfast", "lunch", "dinner"]


class TourKind(StrEnum):
    """How a group travels."""

    CUSTOM = "custom"
    TRAIN = "train"
    FAMILY = "family"


class ItineraryDay(msgspec.Struct, frozen=True, kw_only=True):
    """What happens on one day; day 1 is the day of check-in."""

    day: int
    place_code: str
    title: str
    title_en: str
    meals: tuple[Meal, ...] = ()


class TourDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A tour as its organiser describes it."""

    kind: TourKind
    name: str
    name_en: str
    summary: str
    summary_en: str
    origin: str
    organiser_name: str
    organiser_licence: str
    services: tuple[Service, ...]
    itinerary: tuple[ItineraryDay, ...]
    inclusions: tuple[str, ...]
    exclusions: tuple[str, ...]
    group_min_count: int
    group_max_count: int


class Tour(TourDraft, frozen=True, kw_only=True):
    """A published tour."""

    id: UUID
    published_at: datetime

    @property
    def night_count(self) -> int:
        """How many nights the group stays: one fewer than it has days."""
        return len(self.itinerary) - 1


def check_publication(draft: TourDraft, *, place_codes: Collection[str]) -> None:
    """Refuse a package that does not say what the law wants said (R07). Refuses: Invalid naming the field.

    The terms of cancelling are not among the fields, because no tour has its own: pricing's policy for tours holds
    for all, and is shown with each.
    """
    if len(set(draft.services)) < PACKAGE_SERVICES_MIN:
        raise invalid("services", zh="团队产品至少包含两项服务", en="A tour includes at least two services.")
    if not draft.organiser_name.strip():
        raise invalid("organiser_name", zh="请填写组团旅行社名称", en="Name the travel agency.")
    if not _LICENCE.match(draft.organiser_licence):
        raise invalid("organiser_licence", zh="旅行社许可证号有误", en="Give the agency's licence number.")
    check_group(group_min_count=draft.group_min_count, group_max_count=draft.group_max_count)
    if not draft.inclusions or not all(text.strip() for text in draft.inclusions):
        raise invalid("inclusions", zh="请列明费用包含的项目", en="Say what the price includes.")
    _check_itinerary(draft.itinerary, place_codes=place_codes)


def check_group(*, group_min_count: int, group_max_count: int) -> None:
    """Refuse a group without a minimum, or with a maximum below it (旅游法 58). Refuses: Invalid naming the field."""
    if group_min_count < 1:
        raise invalid("group_min_count", zh="请填写最低成团人数", en="State the minimum group.")
    if not group_min_count <= group_max_count <= GROUP_MAX:
        raise invalid(
            "group_max_count",
            zh=f"最多人数须在 {group_min_count} 至 {GROUP_MAX} 之间",
            en=f"The maximum group is {group_min_count} to {GROUP_MAX}.",
        )


def _check_itinerary(itinerary: Sequence[ItineraryDay], *, place_codes: Collection[str]) -> None:
    if not 2 <= len(itinerary) <= DAYS_MAX:
        raise invalid("itinerary", zh=f"行程须为 2 至 {DAYS_MAX} 天", en=f"An itinerary has 2 to {DAYS_MAX} days.")
    for i, day in enumerate(itinerary):
        if day.day != i + 1:
            raise invalid(f"itinerary.{i}.day", zh="行程须逐日列出", en="Every day is listed, in order.")
        if not day.title.strip():
            raise invalid(f"itinerary.{i}.title", zh="请填写当日安排", en="Say what happens on the day.")
        if day.place_code not in place_codes:
            raise invalid(f"itinerary.{i}.place_code", zh="没有此地点", en=f"There is no place {day.place_code}.")
