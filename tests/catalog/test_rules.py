from random import Random

import pytest

from marketplace.catalog.errors import BeyondLicensedBeds, MedicalClaim, UnsafePicture
from marketplace.catalog.rules import SERVICES, RoomType, check_beds, check_claims, check_picture, check_room_type
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import new_id
from seed.drawing import draw_house, draw_room
from seed.institutions import plan_institutions

ROOM = RoomType(
    id=new_id(), institution_id=new_id(), name="双人间", name_en="Twin room", sold_by="room", unit_count=10,
    guests_max=2, area_m2=24, bed_kind="twin", is_barrier_free=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("本院氡泉包治百病", "包治"),
        ("温泉根治风湿", "根治"),
        ("长期泡汤可抗癌", "抗癌"),
        ("包·治 关节炎", "包治"),
        ("根 治", "根治"),
        ("ｃｕｒｅｓ everything", "cures"),
        ("Anti-cancer spring water", "anti-cancer"),
        ("Our spring lowers blood pressure", "lowers blood pressure"),
    ],
)
def test_a_claim_to_heal_is_refused_by_its_words(text: str, term: str) -> None:
    with pytest.raises(MedicalClaim) as refused:
        check_claims(name="白河康养院", summary=text)

    assert refused.value.facts == {"term": term, "field": "summary"}


@pytest.mark.parametrize(
    "text",
    [
        "中医理疗、康复训练，驻院医生",
        "设治疗室与护理站",
        "A secure courtyard and an accurate menu",
        "距医院 2 公里，可就医",
    ],
)
def test_saying_what_is_there_is_allowed(text: str) -> None:
    check_claims(summary=text)


def test_nothing_in_the_demo_world_claims_to_heal() -> None:
    for plan in plan_institutions():
        check_claims(name=plan.name, name_en=plan.name_en, summary=plan.summary, summary_en=plan.summary_en)


def test_beds_up_to_the_licence_are_allowed_and_one_more_is_refused() -> None:
    check_beds([ROOM], licensed=20)

    with pytest.raises(BeyondLicensedBeds) as refused:
        check_beds([ROOM], licensed=19)
    assert refused.value.facts == {"beds": 20, "licensed": 19}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sold_by": "bed"}, "/guests_max"),
        ({"guests_max": 9}, "/guests_max"),
        ({"unit_count": 0}, "/unit_count"),
        ({"area_m2": 3}, "/area_m2"),
    ],
)
def test_an_impossible_room_type_is_refused_by_field(changes: dict[str, object], pointer: str) -> None:
    facts = {name: getattr(ROOM, name) for name in ROOM.__struct_fields__}

    check_room_type(ROOM)
    with pytest.raises(Invalid) as refused:
        check_room_type(RoomType(**(facts | changes)))
    assert [field.pointer for field in refused.value.fields] == [pointer]


def svg(inside: str, attributes: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><title>屋</title>{inside}</svg>'


def test_a_plain_drawing_is_allowed() -> None:
    check_picture(svg('<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)"/>'))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (svg("<script>alert(1)</script>"), "<script>"),
        (svg("<foreignObject/>"), "<foreignObject>"),
        (svg('<image href="https://example.com/x.png"/>'), "<image>"),
        (svg('<rect onclick="x()"/>'), "onclick"),
        (svg('<rect style="fill:red"/>'), "style"),
        (svg('<rect fill="url(https://example.com/x)"/>'), "url(https://example.com/x)"),
        (svg("", 'onload="x()"'), "onload"),
        ("<!DOCTYPE svg>" + svg(""), "<!"),
        ("<?xml-stylesheet href='x'?>" + svg(""), "<!"),
        (svg("<rect>"), "XML"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "not <svg>"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><title> </title></svg>', "no <title>"),
        (svg("<desc>" + "字" * 22_000 + "</desc>"), "> 64 KiB"),
    ],
)
def test_anything_else_is_refused_as_a_picture(picture: str, reason: str) -> None:
    with pytest.raises(UnsafePicture) as refused:
        check_picture(picture)

    assert refused.value.facts == {"reason": reason}


@pytest.mark.parametrize("scene", ["mountain", "river", "coast", "spring", "lake"])
@pytest.mark.parametrize("season", ["summer", "autumn", "winter"])
def test_drawings_are_safe_named_repeatable_and_distinct(scene, season) -> None:
    def draw(seed: int) -> str:
        return draw_house(title="林海 & <雪>", scene=scene, season=season, storeys=3, random=Random(seed))

    check_picture(draw(1))
    assert "<title>林海 &amp; &lt;雪&gt;</title>" in draw(1)
    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(20)}) == 20


@pytest.mark.parametrize("beds", [1, 2, 3, 4])
def test_rooms_are_safe_drawings(beds: int) -> None:
    check_picture(draw_room(title="双人间", beds=beds, season="winter", random=Random(beds)))


def test_radon_is_the_only_service_that_needs_a_physician() -> None:
    assert [code for code, word in SERVICES.items() if word.needs_physician] == ["radon_spring"]
