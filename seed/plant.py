"""Planting the demo world: once, through operations only, relative to today."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from marketplace.bookings.operations import assign_rooms
from marketplace.identity.rules import Principal
from marketplace.institutions.queries import any_registered
from marketplace.kit import clock
from marketplace.kit.db import whole_transaction
from marketplace.settings import settings
from seed.assessments import plant_assessments
from seed.bookings import Scene, plant_paid, plant_unpaid
from seed.cashier import Cashier, cashier
from seed.doors import plant_doors
from seed.history import plant_history
from seed.institutions import PlantedInstitution, plan_institutions, plant_institution
from seed.logins import DEMO
from seed.people import People, plant_people, plant_staff
from seed.places import plant_places
from seed.plans import plant_plan, plant_promotions
from seed.rates import plant_rates
from seed.rubric import plant_rubrics
from seed.standings import plant_standings
from seed.tours import plant_tours

Tell = Callable[[str], None]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Who and what has been planted, for the steps that build on it; ``hosts`` are the institutions' staff."""

    people: People
    hosts: tuple[Principal, ...]
    institutions: tuple[PlantedInstitution, ...]


async def plant(*, now: datetime | None = None, progress: Tell | None = None) -> None:
    """Plant the demo world; where there is any institution already, do nothing.

    The world is one transaction. Its bookings come after it, since nothing is paid while a transaction is open: whoever
    is killed in between has a world with fewer bookings, which is as good.
    """
    if await any_registered():
        return
    instant, tell = now or clock.now(), progress or print
    world = await plant_world(now=instant, tell=tell)
    async with cashier(settings()) as till:
        await plant_life(world, till, now=instant, tell=tell)


async def plant_world(*, now: datetime, tell: Tell = print) -> World:
    """Plant places, people, institutions, certifications and prices, all or nothing."""
    async with whole_transaction():
        await plant_places(now=now)
        await plant_rubrics(now=now)
        people = await plant_people(now=now)
        institutions = tuple([await plant_institution(plan, now=now) for plan in plan_institutions()])
        tell(f"{len(institutions)} institutions")
        hosts = await plant_staff(
            {staff.cluster: _first_in(staff.cluster, institutions).id for staff in DEMO.institutions}, now=now
        )
        await plant_standings(institutions, officers=people.province, now=now)
        await plant_assessments(institutions, people=people, now=now)
        tell("certifications")
        for planted in institutions:
            await plant_rates(planted, now=now)
            await plant_plan(planted, now=now)
        for planted in institutions:
            if planted.id in {host.institution_id for host in hosts}:
                await plant_doors(planted, now=now)
        await plant_promotions(_first_in(DEMO.institutions[0].cluster, institutions), now=now)
        tell("prices")
    return World(people=people, hosts=hosts, institutions=institutions)


async def plant_life(world: World, till: Cashier | None, *, now: datetime, tell: Tell = print) -> None:
    """Plant tours and bookings; without a till, those that need no money."""
    scene = Scene(
        people=world.people,
        hosts=world.hosts,
        institutions=world.institutions,
        departures=await plant_tours(world.institutions, now=now),
        now=now,
    )
    tell("tours")
    await plant_unpaid(scene)
    if till is not None:
        await plant_history(scene, till)
        await plant_paid(scene, till)
        await assign_rooms(now=now)
    tell("bookings")


def _first_in(cluster: str, institutions: tuple[PlantedInstitution, ...]) -> PlantedInstitution:
    return next(one for one in institutions if cluster in {found.code for found in one.plan.place.clusters})
