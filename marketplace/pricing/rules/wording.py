"""The reason of every step of a price, in both languages."""

from collections.abc import Callable

from marketplace.kit.money import yuan
from marketplace.pricing.rules.charges import Charge
from marketplace.pricing.rules.plans import MealPlan, Party, Promotion
from marketplace.pricing.rules.records import Line

MEALS = {
    MealPlan.NONE: ("不含餐", "No meals"),
    MealPlan.BREAKFAST: ("早餐", "Breakfast"),
    MealPlan.HALF_BOARD: ("早晚两餐", "Breakfast and dinner"),
    MealPlan.FULL_BOARD: ("一日三餐", "Three meals a day"),
}


def line_of(step: Charge, *, party: Party, night_count: int, promotion: Promotion | None) -> Line:
    """Write a step that is not of the nights as a line of the price."""
    if step.code == "promotion":
        assert promotion is not None
        zh, en = f"优惠码 {promotion.code}：{promotion.name_zh}", f"Code {promotion.code}: {promotion.name_en}"
    elif step.unit_amount is not None and step.quantity is not None:
        zh, en = _extra(step, party, night_count)
    else:
        zh, en = _SHARES[step.code](step, f"{(step.bps or 0) / 100:g}%")
    return Line(
        code=step.code,
        reason_zh=zh,
        reason_en=en,
        amount=step.amount,
        unit_amount=step.unit_amount,
        quantity=step.quantity if step.unit_amount is not None else None,
        bps=step.bps,
    )


_SHARES: dict[str, Callable[[Charge, str], tuple[str, str]]] = {
    "single_use_discount": lambda step, percent: (
        f"单人入住优惠 {percent}，{step.quantity} 间",
        f"{percent} off for single use of {step.quantity} unit{'s' if step.quantity != 1 else ''}",
    ),
    "length_of_stay_discount": lambda step, percent: (
        f"连住 {step.threshold} 晚及以上优惠 {percent}",
        f"{percent} off stays of {step.threshold} nights or more",
    ),
    "early_booking_discount": lambda step, percent: (
        f"提前 {step.threshold} 天及以上预订，再减 {percent}",
        f"A further {percent} off when booked {step.threshold} days ahead or more",
    ),
    "service_fee": lambda _, percent: (f"平台服务费 {percent}", f"Service fee of {percent}"),
}


def _extra(step: Charge, party: Party, night_count: int) -> tuple[str, str]:
    assert step.unit_amount is not None
    assert step.quantity is not None
    price, count = yuan(step.unit_amount), step.quantity // night_count
    guests = f"{count} guest{'s' if count != 1 else ''}"
    if step.code == "companion_beds":
        return (
            f"陪护床 {price} × {count} 床 × {night_count} 晚",
            f"Companion bed {price} × {count} × {night_count} nights",
        )
    if step.code == "meals":
        zh, en = MEALS[party.meal_plan]
        return (
            f"{zh} {price} × {count} 人 × {night_count} 晚",
            f"{en} {price} × {guests} × {night_count} nights",
        )
    return (
        f"护理（能力等级 {step.threshold}）{price} × {count} 人 × {night_count} 晚",
        f"Care at ability level {step.threshold} {price} × {guests} × {night_count} nights",
    )
