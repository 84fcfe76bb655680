"""Planting the demo world: once, through operations only, relative to today."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from marketplace.identity.rules import Principal
from marketplace.institutions.queries import any_registered
from marketplace.kit import clock
from marketplace.kit.db import transaction
from seed.institutions import PlantedInstitution, plan_institutions, plant_institution
from seed.people import People, plant_people, plant_staff
from seed.places import plant_places
from seed.rates import plant_rates
from seed.standings import plant_standings

Tell = Callable[[str], None]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What has been planted so far, for the steps that build on it."""

    people: People
    staff: tuple[Principal, ...]
    institutions: tuple[PlantedInstitution, ...]


async def plant(*, now: datetime | None = None, progress: Tell | None = None) -> None:
    """Plant the demo world; where there is any institution already, do nothing."""
    if await any_registered():
        return
    instant = now or clock.now()
    await plant_world(now=instant, tell=progress or print)


async def plant_world(*, now: datetime, tell: Tell) -> World:
    """Plant places, people, institutions, certifications and prices, all or nothing."""
    async with transaction():
        await plant_places(now=now)
        people = await plant_people(now=now)
        tell("places and people")
        institutions = tuple([await plant_institution(plan, now=now) for plan in plan_institutions()])
        hosts = _first_of_each_cluster(institutions)
        staff = await plant_staff({cluster: planted.id for cluster, planted in hosts.items()}, now=now)
        tell(f"{len(institutions)} institutions")
        await plant_standings(institutions, officers=people.province, now=now)
        tell("certifications")
        for planted in institutions:
            await plant_rates(planted, now=now)
        tell("prices")
    return World(people=people, staff=staff, institutions=institutions)


def _first_of_each_cluster(institutions: tuple[PlantedInstitution, ...]) -> dict[str, PlantedInstitution]:
    found: dict[str, PlantedInstitution] = {}
    for planted in institutions:
        for cluster in planted.plan.place.clusters:
            found.setdefault(cluster.code, planted)
    return found
