from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from seed.institutions import InstitutionPlan, PlantedInstitution, plan_institutions, plant_institution
from seed.places import PLACES
from seed.standings import Timeline, certify
from tests.support.world import plant_gazetteer

NOW = datetime(2026, 11, 21, 4, 0, 30, tzinfo=UTC)
PLANS = {plan.place.code: plan for plan in plan_institutions()}
PLACE = {place.code: place for place in PLACES}


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock at the edge at NOW."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
async def places(planted) -> AsyncIterator[None]:
    async with planted(plant_gazetteer, now=NOW):
        yield


@pytest.fixture
def officer() -> Principal:
    return Principal(kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level.PROVINCE, jurisdiction="220000")


@pytest.fixture
def second_officer() -> Principal:
    return Principal(kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level.PROVINCE, jurisdiction="220000")


@pytest.fixture
def add(places, still):
    """Plant an institution of the demo world, changed as the test asks; without pictures, since few tests look."""

    async def plant(place: str, *, pictures: bool = False, **changes: object) -> PlantedInstitution:
        plan: InstitutionPlan = msgspec.structs.replace(PLANS[place], **changes)
        return await plant_institution(plan, now=NOW, pictures=pictures)

    return plant


@pytest.fixture
def add_certified(add, officer):
    """Plant an institution and certify it; returns it and its certification."""

    async def plant(place: str, *, grade: int = 4, days_ago: int = 60, **options: object):
        planted = await add(place, **options)
        found = await certify(planted.id, grade=grade, timeline=Timeline(days_ago), officer=officer, now=NOW)
        return planted, found

    return plant
