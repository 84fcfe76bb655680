from datetime import UTC, date, datetime

import pytest

from marketplace.institutions.errors import InstitutionTaken
from marketplace.institutions.operations import lock, register
from marketplace.institutions.queries import get, get_many
from marketplace.institutions.rules import is_uscc
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.places.rules import Position
from seed.places import plant_places

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
# The example of GB 32100-2015.
VALID_USCC = "91350100M000100Y43"


@pytest.fixture(autouse=True)
async def places() -> None:
    await plant_places(now=NOW)


async def add(**changes):
    facts = {
        "name": "白河林海康养院（示例）",
        "name_en": "Baihe Forest Sea Care Home (example)",
        "uscc": None,
        "place_code": "erdaobaihe",
        "address": "吉林省二道白河镇松桦路12号",
        "position": Position(42.41, 128.12, "wgs84"),
        "licensed_bed_count": 120,
        "opened_on": date(2019, 5, 1),
        "is_example": True,
    }
    return await register(**(facts | changes), actor=SYSTEM, now=NOW)


async def test_an_institution_is_reviewed_by_the_authority_of_its_place() -> None:
    institution_id = await add()

    found = await get(institution_id)
    assert (found.jurisdiction_code, found.registered_at) == ("changbaishan", NOW)
    assert found.position == Position(42.41, 128.12, "wgs84")
    audited = "SELECT action FROM audit_events WHERE subject_id = $1"
    assert await fetch_value(audited, institution_id) == "institution.registered"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "白河林海康养院"}, "/name"),
        ({"is_example": False, "uscc": VALID_USCC}, "/name"),
        ({"is_example": False, "name": "白河林海康养院"}, "/uscc"),
        ({"uscc": "91350100M000100Y44"}, "/uscc"),
        ({"licensed_bed_count": 0}, "/licensed_bed_count"),
        ({"phone": "0433 8888888"}, "/phone"),
        ({"place_code": "nowhere"}, "/place_code"),
    ],
)
async def test_what_cannot_be_an_institution_is_refused_by_field_and_leaves_nothing(changes, pointer) -> None:
    with pytest.raises(Invalid) as refused:
        await add(**changes)

    assert [field.pointer for field in refused.value.fields] == [pointer]
    assert await fetch_value("SELECT count(*) FROM institutions") == 0


async def test_a_real_institution_has_a_credit_code() -> None:
    institution_id = await add(name="白河林海康养院", is_example=False, uscc=VALID_USCC)

    assert (await get(institution_id)).uscc == VALID_USCC


@pytest.mark.parametrize("changes", [{"name": "另一家（示例）"}, {"uscc": None}])
async def test_a_name_and_a_credit_code_are_given_once(changes) -> None:
    await add(uscc=VALID_USCC)

    with pytest.raises(InstitutionTaken):
        await add(**({"uscc": VALID_USCC} | changes))
    assert await fetch_value("SELECT count(*) FROM institutions") == 1


@pytest.mark.parametrize("place", range(18))
def test_a_credit_code_with_one_character_changed_is_never_valid(place: int) -> None:
    changed = "2" if VALID_USCC[place] != "2" else "3"

    assert is_uscc(VALID_USCC)
    assert not is_uscc(VALID_USCC[:place] + changed + VALID_USCC[place + 1 :])


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100M000100Y430", "91350100I000100Y43", "91350100m000100y43"]
)
def test_a_credit_code_has_eighteen_characters_of_its_own_alphabet(code: str) -> None:
    assert not is_uscc(code)


async def test_unknown_institutions_are_not_found_and_left_out_of_many() -> None:
    institution_id, unknown = await add(), new_id()

    assert set(await get_many([institution_id, unknown])) == {institution_id}
    with pytest.raises(NotFound):
        await get(unknown)
    with pytest.raises(NotFound):
        async with transaction():
            await lock(unknown)


async def test_locking_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside transaction"):
        await lock(new_id())
