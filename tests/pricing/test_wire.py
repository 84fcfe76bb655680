"""A quote as a client reads it."""

import msgspec

from marketplace.kit.ids import wire
from marketplace.pricing.rules import Discount
from marketplace.pricing.schemas import QuoteView


async def test_a_quote_is_written_with_prefixed_ids_money_objects_and_local_times(house):
    room = await house.add_room_type(units=3, nights=400)
    await house.set_plan(length_of_stay=[Discount(nights_min=7, discount_bps=500)])
    quote = await house.quote(room, 40, 50)
    body = msgspec.json.decode(msgspec.json.encode(QuoteView.of(quote)))
    assert {name: body[name] for name in ("id", "kind", "institution_id", "room_type_id", "departure_id")} == {
        "id": wire("quo", quote.id),
        "kind": "stay",
        "institution_id": wire("ins", house.id),
        "room_type_id": wire("rmt", room),
        "departure_id": None,
    }
    assert (body["night_count"], body["total"]) == (10, {"amount": 190_000, "currency": "CNY"})
    assert body["lines"] == [
        {
            "code": "nights",
            "reason_zh": "¥200.00 × 10 晚",
            "reason_en": "¥200.00 × 10 nights",
            "amount": {"amount": 200_000, "currency": "CNY"},
            "unit_price": {"amount": 20_000, "currency": "CNY"},
            "quantity": 10,
            "first_night": house.day(40).isoformat(),
            "end_on": house.day(50).isoformat(),
        },
        {
            "code": "length_of_stay_discount",
            "reason_zh": "连住 7 晚及以上优惠 5%",
            "reason_en": "5% off stays of 7 nights or more",
            "amount": {"amount": -10_000, "currency": "CNY"},
            "unit_price": None,
            "quantity": None,
            "first_night": None,
            "end_on": None,
        },
    ]
    assert [(leg["leg"], leg["amount"]["amount"], leg["due_on"]) for leg in body["schedule"]] == [
        ("deposit", 38_000, house.day(0).isoformat()),
        ("balance", 152_000, house.day(10).isoformat()),
    ]
    assert [(step["until"], step["penalty"]["amount"], step["refund"]["amount"]) for step in body["cancellation"]] == [
        (f"{house.day(27)}T00:00:00+08:00", 0, 190_000),
        (f"{house.day(34)}T00:00:00+08:00", 19_000, 171_000),
        (None, 38_000, 152_000),
    ]
    assert body["certification"]["number"] == "JL-2027-0001"
    assert body["certification"]["status"] == "certified"
    assert body["expires_at"] == "2027-03-01T04:30:00Z"
