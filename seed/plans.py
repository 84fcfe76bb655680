"""What the made-up institutions charge beside their nights, and two promotion codes; every price is invented.

Long stays are cheaper, as 旅居 is sold; care follows the ability levels that a house is able to look after.
"""

from datetime import datetime, timedelta
from random import Random

from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.pricing import operations
from marketplace.pricing.rules import Discount, EarlyBooking, MealPlan, Supplements
from seed.institutions import PlantedInstitution

PRICE_STEP = 500
PROMOTION_DAYS = 180
# A guest pays this much a night by ability level 1 to 4, before the level of the house.
_CARE = (2_000, 6_000, 12_000, 18_000)
# The platform's own code may be used by anyone any number of times; an institution's by its first hundred guests.
PLATFORM_CODE = "HOUNIAO"
HOUSE_CODE = "BAIHE100"


async def plant_plan(planted: PlantedInstitution, *, now: datetime) -> None:
    """Give an institution its rate plan from today on; the same one in every run."""
    plan = planted.plan
    random = Random(plan.picture_seed)
    level = random.uniform(0.9, 1.2) * (1 + 0.1 * (plan.grade - 3))
    weekly = random.choice((300, 500))
    await operations.set_rate_plan(
        actor=SYSTEM,
        institution_id=planted.id,
        effective_from_on=local_date(now),
        supplements=Supplements(
            single_use_bps=random.choice((0, 1_000, 1_500)),
            companion_bed_amount=_price(4_000, level) if "companion_care" in plan.services else None,
            meal_amounts={
                MealPlan.BREAKFAST: _price(1_500, level),
                MealPlan.HALF_BOARD: _price(3_500, level),
                MealPlan.FULL_BOARD: _price(5_000, level),
            },
            care_amounts=_care(plan.ability_level_max, level),
        ),
        length_of_stay=(
            Discount(nights_min=7, discount_bps=weekly),
            Discount(nights_min=28, discount_bps=weekly + 500),
            Discount(nights_min=90, discount_bps=weekly + 1_000),
        ),
        early_booking=(EarlyBooking(days_ahead_min=60, discount_bps=300),) if random.random() < 0.6 else (),
        now=now,
    )


async def plant_promotions(first: PlantedInstitution, *, now: datetime) -> None:
    """Offer one code of the platform and one of an institution, for half a year."""
    today = local_date(now)
    over_on = today + timedelta(days=PROMOTION_DAYS)
    await operations.create_promotion(
        actor=SYSTEM,
        institution_id=None,
        code=PLATFORM_CODE,
        name_zh="候鸟初飞",
        name_en="First flight",
        discount_amount=10_000,
        nights_min=14,
        valid_from_on=today,
        valid_until_on=over_on,
        now=now,
    )
    await operations.create_promotion(
        actor=SYSTEM,
        institution_id=first.id,
        code=HOUSE_CODE,
        name_zh="前百位再减 5%",
        name_en="5% for the first hundred",
        discount_bps=500,
        nights_min=7,
        usage_max=100,
        valid_from_on=today,
        valid_until_on=over_on,
        now=now,
    )


def _care(ability_level_max: int, level: float) -> tuple[int, int, int, int, int]:
    one, two, three, four = (
        _price(amount, level) if number <= ability_level_max else 0 for number, amount in enumerate(_CARE, start=1)
    )
    return (0, one, two, three, four)


def _price(amount: int, level: float) -> int:
    return round(amount * level / PRICE_STEP) * PRICE_STEP
