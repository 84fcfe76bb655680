"""The published order of a price: what each step is taken off, what is never discounted, and that it all adds up."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.inventory.rules import Gender, Night
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import new_id
from marketplace.kit.money import share
from marketplace.pricing.rules import (
    NO_PLAN,
    ORDER,
    ROOM,
    Discount,
    EarlyBooking,
    Line,
    MealPlan,
    Party,
    Promotion,
    RatePlan,
    Season,
    Supplements,
    Terms,
    by_night,
    check_offered,
    nightly_prices,
    price_stay,
    single_use_count,
    stay_total,
    struck_through,
    total_of,
)

CHECK_IN = date(2027, 6, 1)
ASKED_ON = date(2027, 3, 1)
amounts = st.integers(0, 50_000)
shares = st.integers(0, 9_000)
plans = st.builds(
    RatePlan,
    supplements=st.builds(
        Supplements,
        single_use_bps=shares,
        companion_bed_amount=amounts,
        meal_amounts=st.fixed_dictionaries(dict.fromkeys(list(MealPlan)[1:], amounts)),
        care_amounts=st.tuples(st.just(0), amounts, amounts, amounts, amounts),
    ),
    length_of_stay=st.lists(st.builds(Discount, nights_min=st.integers(2, 60), discount_bps=shares), max_size=3).map(
        tuple
    ),
    early_booking=st.lists(
        st.builds(EarlyBooking, days_ahead_min=st.integers(1, 200), discount_bps=shares), max_size=3
    ).map(tuple),
    service_fee_bps=st.integers(0, 500),
)


@st.composite
def parties(draw):
    units, guests_max = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    sleepers = draw(st.integers(1, units * guests_max))
    beds = draw(st.integers(0, units))
    return Party(
        guest_count=sleepers + beds,
        unit_count=units,
        single_use_count=single_use_count(sleepers, unit_count=units, guests_max=guests_max),
        companion_bed_count=beds,
        meal_plan=draw(st.sampled_from(MealPlan)),
        care_levels=tuple(sorted(draw(st.lists(st.integers(1, 4), max_size=sleepers + beds)))),
    )


def promotion(bps: int | None = None, amount: int | None = None) -> Promotion:
    return Promotion(
        id=new_id(), institution_id=None, code="SUMMER27", name_zh="避暑早订", name_en="Early summer",
        discount_bps=bps, discount_amount=amount, nights_min=1, valid_from_on=ASKED_ON,
        valid_until_on=date(2028, 1, 1), usage_max=None, ended_at=None,
    )  # fmt: skip


promotions = st.one_of(
    st.none(), st.builds(promotion, bps=st.integers(1, 9_000)), st.builds(promotion, amount=st.integers(1, 10**7))
)
prices = st.lists(st.sampled_from([19_900, 20_000, 28_850, 1]), min_size=1, max_size=60)


def nights(found: list[int]) -> list[Night]:
    return [
        Night(
            night=CHECK_IN + timedelta(days=i), available_count=1, price_amount=amount, min_stay_count=1, closed=False
        )
        for i, amount in enumerate(found)
    ]


@given(found=prices, party=parties(), plan=plans, ahead=st.integers(0, 300), code=promotions)
def test_a_price_adds_up_in_the_published_order_and_never_falls_to_nothing(found, party, plan, ahead, code):
    asked_on = CHECK_IN - timedelta(days=ahead)
    lines = price_stay(nights(found), party=party, plan=plan, asked_on=asked_on, promotion=code)
    codes = [line.code for line in lines]
    assert codes == sorted(codes, key=ORDER.index)
    assert all(line.amount < 0 for line in lines if line.code in ROOM - {"nights"})
    assert all(line.amount > 0 for line in lines if line.code not in ROOM or line.code == "nights")
    assert sum(line.amount for line in lines if line.code in ROOM) > 0
    assert all(line.amount == line.unit_amount * line.quantity for line in lines if line.unit_amount is not None)
    assert all(line.reason_zh and line.reason_en for line in lines)
    # A search that knows only the sum of the nights comes to the same fen.
    assert total_of(lines) == stay_total(
        sum(found), night_count=len(found), check_in=CHECK_IN, party=party, plan=plan, asked_on=asked_on, promotion=code
    )


@given(found=prices, party=parties(), plan=plans, code=promotions)
def test_each_discount_is_taken_off_what_the_ones_before_it_left(found, party, plan, code):
    lines = price_stay(nights(found), party=party, plan=plan, asked_on=ASKED_ON, promotion=code)
    left = sum(line.amount for line in lines if line.code == "nights")
    for line in lines:
        if line.code not in ROOM or line.code == "nights":
            continue
        base = sum(found) * party.single_use_count if line.code == "single_use_discount" else left
        wanted = code.discount_amount if line.bps is None else share(base, line.bps)
        assert -line.amount == min(wanted, left - 1)
        left += line.amount


@given(found=prices, party=parties(), plan=plans, code=promotions)
def test_the_nights_of_a_breakdown_sum_to_the_total_and_none_is_negative(found, party, plan, code):
    lines = price_stay(nights(found), party=party, plan=plan, asked_on=ASKED_ON, promotion=code)
    split = by_night(lines)
    assert [night.night for night in split] == [CHECK_IN + timedelta(days=i) for i in range(len(found))]
    assert [night.unit_amount for night in split] == found
    assert sum(night.amount for night in split) == total_of(lines)
    assert all(night.amount >= 0 for night in split)


@given(found=prices, party=parties(), plan=plans, lowest=st.integers(0, 40_000))
def test_a_struck_through_price_is_above_the_total_and_never_above_the_lowest_deal(found, party, plan, lowest):
    lines = price_stay(nights(found), party=party, plan=plan, asked_on=ASKED_ON)
    before = struck_through(lines, lowest_deal=lowest)
    assert struck_through(lines, lowest_deal=None) is None
    if before is not None:
        beside = sum(line.amount for line in lines if line.code not in ROOM)
        assert before > total_of(lines)
        assert before - beside <= lowest * len(found) * party.unit_count
        assert before - beside <= sum(found) * party.unit_count


PLAN = RatePlan(
    supplements=Supplements(
        single_use_bps=2_000,
        companion_bed_amount=4_000,
        meal_amounts={MealPlan.BREAKFAST: 1_500, MealPlan.FULL_BOARD: 6_000},
        care_amounts=(0, 3_000, 8_000, 15_000, 0),
    ),
    length_of_stay=(Discount(nights_min=7, discount_bps=500), Discount(nights_min=28, discount_bps=1_000)),
    early_booking=(
        EarlyBooking(days_ahead_min=30, discount_bps=300),
        EarlyBooking(days_ahead_min=90, discount_bps=500),
    ),
)


def test_a_price_reads_like_the_published_order():
    party = Party(
        guest_count=2, single_use_count=1, companion_bed_count=1, meal_plan=MealPlan.FULL_BOARD, care_levels=(2,)
    )
    lines = price_stay(
        nights([20_000] * 30), party=party, plan=PLAN, asked_on=ASKED_ON, promotion=promotion(amount=10_000)
    )
    assert [(line.code, line.amount, line.reason_zh) for line in lines] == [
        ("nights", 600_000, "¥200.00 × 30 晚"),
        ("single_use_discount", -120_000, "单人入住优惠 20%，1 间"),
        ("length_of_stay_discount", -48_000, "连住 28 晚及以上优惠 10%"),
        ("early_booking_discount", -21_600, "提前 90 天及以上预订，再减 5%"),
        ("promotion", -10_000, "优惠码 SUMMER27：避暑早订"),
        ("companion_beds", 120_000, "陪护床 ¥40.00 × 1 床 × 30 晚"),
        ("meals", 360_000, "一日三餐 ¥60.00 × 2 人 × 30 晚"),
        ("care", 240_000, "护理（能力等级 2）¥80.00 × 1 人 × 30 晚"),
    ]
    assert [line.reason_en for line in lines] == [
        "¥200.00 × 30 nights",
        "20% off for single use of 1 unit",
        "10% off stays of 28 nights or more",
        "A further 5% off when booked 90 days ahead or more",
        "Code SUMMER27: Early summer",
        "Companion bed ¥40.00 × 1 × 30 nights",
        "Three meals a day ¥60.00 × 2 guests × 30 nights",
        "Care at ability level 2 ¥80.00 × 1 guest × 30 nights",
    ]


def test_a_service_fee_is_of_everything_and_says_so():
    plan = RatePlan(service_fee_bps=200, supplements=PLAN.supplements)
    party = Party(guest_count=2, meal_plan=MealPlan.BREAKFAST)
    lines = price_stay(nights([20_000] * 2), party=party, plan=plan, asked_on=ASKED_ON)
    assert [(line.code, line.amount) for line in lines] == [("nights", 40_000), ("meals", 6_000), ("service_fee", 920)]
    assert lines[-1].reason_zh == "平台服务费 2%"


@pytest.mark.parametrize(("ahead", "bps"), [(29, None), (30, 300), (89, 300), (90, 500)])
def test_early_booking_begins_at_its_day(ahead, bps):
    lines = price_stay(
        nights([20_000]), party=Party(guest_count=2), plan=PLAN, asked_on=CHECK_IN - timedelta(days=ahead)
    )
    assert [line.bps for line in lines if line.code == "early_booking_discount"] == ([bps] if bps else [])


@pytest.mark.parametrize(
    ("sleepers", "units", "guests_max", "expected"),
    [
        (1, 1, 2, 1),
        (2, 1, 2, 0),
        (2, 2, 2, 2),
        (3, 2, 2, 1),
        (4, 2, 2, 0),
        (1, 2, 2, 1),
        (5, 2, 4, 0),
        (1, 1, 1, 0),
        (2, 2, 1, 0),
    ],
)
def test_guests_spread_evenly_and_single_use_is_of_units_for_two(sleepers, units, guests_max, expected):
    assert single_use_count(sleepers, unit_count=units, guests_max=guests_max) == expected


def priced(gender: Gender | None) -> tuple[Line, ...]:
    nights = [Night(night=CHECK_IN, available_count=2, price_amount=7_800, min_stay_count=1, closed=False)]
    return price_stay(nights, party=Party(guest_count=1, gender=gender), plan=NO_PLAN, asked_on=ASKED_ON)


def test_equal_selections_cost_the_same_in_whatever_order_guests_are_named():
    """R11: a price knows no names and no ages, only what was chosen; whom one may share a room with changes no price."""
    assert set(Party.__struct_fields__) == {
        "guest_count", "unit_count", "single_use_count", "companion_bed_count", "meal_plan", "care_levels", "gender",
    }  # fmt: skip
    assert len({priced(gender) for gender in (None, *Gender)}) == 1
    assert set(Line.__struct_fields__).isdisjoint({"age", "birth_year"})


@pytest.mark.parametrize(
    ("party", "plan", "pointer"),
    [
        (Party(guest_count=2, companion_bed_count=1), NO_PLAN, "/companion_beds"),
        (Party(guest_count=2, meal_plan=MealPlan.BREAKFAST), NO_PLAN, "/meal_plan"),
        (Party(guest_count=2, meal_plan=MealPlan.HALF_BOARD), PLAN, "/meal_plan"),
        (Party(guest_count=2, care_levels=(1,)), NO_PLAN, "/care_levels"),
        (Party(guest_count=2, care_levels=(1, 4)), PLAN, "/care_levels"),
    ],
)
def test_what_is_not_offered_is_refused_by_its_field(party, plan, pointer):
    with pytest.raises(Invalid) as refusal:
        check_offered(party, Terms(plan=plan, ability_level_max=3 if plan is PLAN else 0, lowest_deal=None))
    assert [field.pointer for field in refusal.value.fields] == [pointer]


def test_care_without_a_price_costs_nothing_and_leaves_no_line():
    """R21: a fee that is not in the price list is not charged."""
    plan = RatePlan(supplements=PLAN.supplements)
    party = Party(guest_count=2, care_levels=(4,))
    check_offered(party, Terms(plan=plan, ability_level_max=4, lowest_deal=None))
    assert [line.code for line in price_stay(nights([20_000]), party=party, plan=plan, asked_on=ASKED_ON)] == ["nights"]


@given(
    first=st.integers(0, 20), length=st.integers(1, 40), price=st.integers(1_000, 90_000),
    bps=st.tuples(*[st.sampled_from([0, 0, 1_000, -500])] * 7), gaps=st.sets(st.integers(0, 60), max_size=10),
)  # fmt: skip
def test_a_season_prices_each_night_on_sale_by_its_weekday_and_no_other(first, length, price, bps, gaps):
    begin = CHECK_IN + timedelta(days=first)
    season = Season(first=begin, end=begin + timedelta(days=length), price_amount=price, weekday_bps=bps)
    on_sale = {CHECK_IN + timedelta(days=i) for i in range(61) if i not in gaps}
    found = {
        one.first + timedelta(days=i): one.price_amount
        for one in nightly_prices([season], on_sale=on_sale)
        for i in range((one.end - one.first).days)
    }
    wanted = {night for night in on_sale if season.first <= night < season.end}
    assert found == {night: price + share(price, bps[night.weekday()]) for night in wanted}
