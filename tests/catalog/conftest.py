from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest

from marketplace.certifications.rules import Certification
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


def provincial() -> Principal:
    return Principal(kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level.PROVINCE, jurisdiction="220000")


async def plant_house(place: str, *, pictures: bool = False, **changes: object) -> PlantedInstitution:
    """Plant an institution of the demo world, changed as the test asks; without pictures, since few tests look."""
    plan: InstitutionPlan = msgspec.structs.replace(PLANS[place], **changes)
    return await plant_institution(plan, now=NOW, pictures=pictures)


async def plant_certified(
    place: str, *, officer: Principal, grade: int = 4, days_ago: int = 60, **options: object
) -> tuple[PlantedInstitution, Certification]:
    """Plant an institution and certify it."""
    planted = await plant_house(place, **options)
    return planted, await certify(planted.id, grade=grade, timeline=Timeline(days_ago), officer=officer, now=NOW)


@pytest.fixture
def officer() -> Principal:
    return provincial()


@pytest.fixture
def add(places, still):
    return plant_house


@pytest.fixture
def add_certified(places, still, officer):
    return partial(plant_certified, officer=officer)
