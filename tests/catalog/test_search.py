from datetime import timedelta
from functools import partial

import pytest

from marketplace.catalog.queries import SortKey, search
from marketplace.catalog.rules import Filters
from marketplace.certifications import operations as certifications
from marketplace.certifications.rules import SignalKind
from marketplace.kit.clock import local_date
from marketplace.kit.ids import new_id
from marketplace.places.rules import Position, to_gcj02
from seed.institutions import PlantedInstitution
from seed.standings import Standing, plant_standings, standing_of
from tests.support.world import plant_gazetteer

from .conftest import NOW, plant_certified, plant_house, provincial

TIANCHI = Position(42.0128, 128.0567, "wgs84")


async def found(now=NOW, **asked) -> list[str]:
    return [
        hit.listed.institution.place_code
        for hit in await search(filters=Filters(**asked), after=None, limit=50, now=now)
    ]


async def plant_three():
    """Plant one institution at each of three places, of different grades; returns each with its certification."""
    await plant_gazetteer(now=NOW)
    plant = partial(plant_certified, officer=provincial())
    return {
        "erdaobaihe": await plant(
            "erdaobaihe", grade=3, name="白河林海康养院（示例）", services=("hot_spring", "meals"), ability_level_max=2
        ),
        "jian": await plant(
            "jian", grade=5, name="集安江月颐养中心（示例）", services=("meals", "tcm"), ability_level_max=4
        ),
        "hunchun": await plant(
            "hunchun", grade=4, name="珲春观鹤候鸟之家（示例）", services=("meals",), ability_level_max=1
        ),
    }


async def plant_every_standing() -> list[PlantedInstitution]:
    """Plant as many institutions as it takes for one in every standing of the demo world."""
    await plant_gazetteer(now=NOW)
    houses = [await plant_house("jian", name=f"第{number}号康养院（示例）") for number in range(45)]
    assert {standing_of(number) for number in range(len(houses))} == set(Standing)
    await plant_standings(houses, officers=(provincial(), provincial()), now=NOW)
    return houses


@pytest.fixture
async def three(planted, still):
    async with planted(plant_three) as found:
        yield found


@pytest.fixture
async def in_every_standing(planted, still):
    async with planted(plant_every_standing) as found:
        yield found


async def test_the_better_grade_comes_first_when_nothing_else_is_asked(three) -> None:
    assert await found() == ["jian", "hunchun", "erdaobaihe"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"cluster": "changbaishan"}, ["erdaobaihe"]),
        ({"cluster": "spring-changbaishan"}, ["erdaobaihe"]),
        ({"cluster": "spring-changchun-jilin-songyuan"}, []),
        ({"place": "hunchun"}, ["hunchun"]),
        ({"services": ("meals",)}, ["jian", "hunchun", "erdaobaihe"]),
        ({"services": ("meals", "tcm")}, ["jian"]),
        ({"services": ("hot_spring", "tcm")}, []),
        ({"ability_level": 0}, ["jian", "hunchun", "erdaobaihe"]),
        ({"ability_level": 2}, ["jian", "erdaobaihe"]),
        ({"ability_level": 4}, ["jian"]),
        ({"grade_min": 4}, ["jian", "hunchun"]),
        ({"grade_min": 5}, ["jian"]),
        ({"grade_min": 4, "ability_level": 1, "cluster": "hunchun"}, ["hunchun"]),
    ],
)
async def test_each_filter_keeps_what_it_says(three, asked, expected) -> None:
    assert await found(**asked) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("珲春", ["hunchun"]),
        ("hunchun", ["hunchun"]),
        ("林海", ["erdaobaihe"]),
        ("linhai", ["erdaobaihe"]),
        ("温泉", ["erdaobaihe"]),
        ("wenquan", ["erdaobaihe"]),
        ("长白山", ["erdaobaihe"]),
        ("changbaishan", ["erdaobaihe"]),
        ("cbs", ["erdaobaihe"]),
        ("白河 温泉", ["erdaobaihe"]),
        ("白山长", []),
        ("Crane", []),
        ("Mountain", ["erdaobaihe"]),
        ("无障碍双人间", ["jian", "hunchun", "erdaobaihe"]),
        ("集安温泉", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_text_is_found_in_chinese_pinyin_initials_and_english(three, text, expected) -> None:
    assert await found(text=text) == expected


async def test_bigrams_that_lie_apart_are_no_match(add_certified) -> None:
    await add_certified("erdaobaihe", summary="长白县的雪，白山市的松。", name="云松康养院（示例）")
    await add_certified("jian", summary="去长白山看雪。", name="江月康养院（示例）")

    # 长白 and 白山 are both in the first text, 长白山县 in neither.
    assert await found(text="长白山县") == []
    assert await found(text="去长白山") == ["jian"]


async def test_a_hit_in_the_name_comes_before_the_place_and_the_place_before_the_rest(add_certified) -> None:
    await add_certified("jian", grade=5, name="江月康养院（示例）", summary="可代订珲春车票。")
    await add_certified("hunchun", grade=4, name="观鹤康养院（示例）", name_en="Crane View", summary="海边。")
    await add_certified("yitong", grade=3, name="珲春老乡颐养中心（示例）", summary="火山。")

    assert await found(text="珲春") == ["yitong", "hunchun", "jian"]
    assert await found(text="hunchun") == ["yitong", "hunchun"]


async def test_the_nearest_comes_first_and_a_radius_cuts_off(three) -> None:
    hits = await search(filters=Filters(near=TIANCHI), after=None, limit=50, now=NOW)

    assert [hit.listed.institution.place_code for hit in hits] == ["erdaobaihe", "jian", "hunchun"]
    assert 43_000 < hits[0].distance_m < 47_000
    assert await found(near=TIANCHI, radius_km=60) == ["erdaobaihe"]
    assert await found(near=TIANCHI, radius_km=hits[1].distance_m / 1000 + 0.01) == ["erdaobaihe", "jian"]
    assert await found(near=TIANCHI, radius_km=hits[1].distance_m / 1000 - 0.01) == ["erdaobaihe"]


async def test_the_datum_of_the_question_makes_no_difference(three) -> None:
    here, there = Filters(near=TIANCHI), Filters(near=to_gcj02(TIANCHI))

    distances = [
        [hit.distance_m for hit in await search(filters=one, after=None, limit=9, now=NOW)] for one in (here, there)
    ]
    assert distances[0] == distances[1]


async def test_pages_join_to_the_whole_list_without_gaps_or_repeats(add_certified) -> None:
    for number in range(7):
        await add_certified("jian", grade=3 + number % 2, name=f"第{number}号康养院（示例）")
    for asked in ({}, {"text": "示例"}, {"near": TIANCHI}, {"text": "示例", "near": TIANCHI}):
        await join(Filters(**asked))


async def join(filters: Filters) -> None:
    whole = await search(filters=filters, after=None, limit=50, now=NOW)

    paged, after = [], None
    while True:
        rows = await search(filters=filters, after=after, limit=2, now=NOW)
        paged += rows[:2]
        if len(rows) <= 2:
            break
        after = SortKey(*rows[1].key)

    assert len(whole) == 7, filters
    assert [hit.key for hit in paged] == [hit.key for hit in whole], filters


async def test_only_bookable_institutions_are_ever_listed(in_every_standing) -> None:
    listed = {hit.listed.institution.id for hit in await search(filters=Filters(), after=None, limit=100, now=NOW)}

    for number, institution in enumerate(in_every_standing):
        bookable = standing_of(number) in {
            Standing.CERTIFIED, Standing.DUE_SOON, Standing.OVERDUE, Standing.RECTIFYING,
        }  # fmt: skip
        assert (institution.id in listed) == bookable, standing_of(number)


async def test_the_public_grade_in_sql_is_the_one_the_rule_shows(in_every_standing) -> None:
    await certifications.signal(
        institution_id=in_every_standing[0].id, kind=SignalKind.CONFIRMED_ABUSE, subject_id=new_id(), now=NOW
    )

    hits = await search(filters=Filters(), after=None, limit=100, now=NOW)
    assert {hit.listed.certification.grade for hit in hits} >= {None, 1, 2}
    for hit in hits:
        assert -hit.key.grade_order == (hit.listed.certification.grade or 0)
    for grade in range(1, 6):
        kept = await search(filters=Filters(grade_min=grade), after=None, limit=100, now=NOW)
        assert [hit.key for hit in kept] == [hit.key for hit in hits if (hit.listed.certification.grade or 0) >= grade]


async def test_a_certificate_on_its_last_day_lists_nothing_more(three) -> None:
    _, certification = three["hunchun"]
    days = (certification.valid_until_on - local_date(NOW)).days

    assert "hunchun" in await found(now=NOW + timedelta(days=days - 1))
    assert "hunchun" not in await found(now=NOW + timedelta(days=days))


async def test_suspending_takes_the_listing_out_at_once_and_reinstating_brings_it_back(three, officer) -> None:
    _, certification = three["jian"]

    await certifications.suspend(certification_id=certification.id, reason="检查", actor=officer, now=NOW)
    assert "jian" not in await found()

    await certifications.reinstate(certification_id=certification.id, reason="已整改", actor=officer, now=NOW)
    assert "jian" in await found()
