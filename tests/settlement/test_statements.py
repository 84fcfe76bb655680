"""The itemised statement, word by word, before money is taken and after; and the invoice that goes with it."""

from marketplace.kit import clock
from marketplace.kit.db import fetch_value
from marketplace.kit.ids import new_id, wire
from marketplace.settlement import operations
from tests.support.world import hold

NUMBER = "26222000000000000001"


def fen(stated, *names):
    return [stated[name]["amount"] for name in names]


MONEY = ("total", "paid", "due", "due_now", "refundable", "refunded", "interest")


async def state(caller, booking_id):
    answer = await caller.get(f"/v1/bookings/{booking_id}/statement")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_before_any_money_is_taken_every_line_leg_and_due_is_stated(house):
    family = await house.world.family()
    booking = await hold(house.world, family, first=40, nights=20)

    stated = await state(family, booking["id"])

    assert [(line["code"], line["reason_zh"], line["amount"]["amount"]) for line in stated["lines"]] == [
        ("nights", "¥200.00 × 20 晚", 400_000)
    ]
    assert [(leg["leg"], leg["amount"]["amount"], leg["paid"]["amount"]) for leg in stated["legs"]] == [
        ("deposit", 80_000, 0),
        ("balance", 320_000, 0),
    ]
    assert [leg["due_on"] for leg in stated["legs"]] == [
        house.world.today.isoformat(),
        house.world.day(10).isoformat(),
    ]
    assert fen(stated, *MONEY) == [400_000, 0, 400_000, 80_000, 0, 0, 0]
    assert (stated["tax_included"], stated["refundable_reason_zh"]) == (True, "尚未付款，取消不收费")
    assert (stated["payments"], stated["refunds"], stated["charges"], stated["invoice"]) == ([], [], [], None)


async def test_after_it_was_paid_what_goes_back_today_is_what_cancelling_gives_back(house):
    booking_id = await house.paid_stay(nights=14, first=20)
    family, name = await house.world.family(), wire("bkg", booking_id)
    today = await state(family, name)
    assert fen(today, *MONEY) == [280_000, 280_000, 0, 0, 280_000, 0, 0]
    assert today["refundable_reason_zh"] == "今天取消可退金额"

    await house.pass_days(15)
    family = await house.world.family()
    late = await state(family, name)
    offer = (await family.post(f"/v1/bookings/{name}/cancellation-quotes")).json()
    assert late["refundable"] == offer["refund"]
    assert late["refundable"]["amount"] == 224_000
    body = {"cancellation_quote_id": offer["id"]}
    assert (await family.post(f"/v1/bookings/{name}/cancellation", body, key=new_id().hex)).status_code == 200
    ended = await state(family, name)
    assert fen(ended, *MONEY) == [280_000, 280_000, 0, 0, 0, 224_000, 0]
    assert ended["refundable_reason_zh"] == "预订已结束，无可退金额"
    assert [(one["reason"], one["amount"]["amount"]) for one in ended["refunds"]] == [("cancellation", 224_000)]


async def test_in_house_it_says_what_leaving_today_gives_back_to_guest_and_house_alike(house):
    booking_id = await house.served(nights=14)
    await house.pass_days(4)
    family, staff, name = await house.world.family(), await house.world.staff(), wire("bkg", booking_id)
    stated = await state(family, name)
    assert stated["refundable"]["amount"] == 160_000
    assert stated["refundable_reason_zh"] == "今天离店可退金额（已住按未打折价计）"
    shown = await state(staff, name)
    assert fen(shown, *MONEY) == fen(stated, *MONEY)

    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    assert fen(await state(family, name), "refundable", "refunded") == [0, 160_000]


async def test_an_invoice_is_asked_for_by_the_guests_and_issued_by_the_institution(house):
    booking_id = await house.paid_stay(nights=14, first=20)
    path = f"/v1/bookings/{wire('bkg', booking_id)}/invoice"
    family, staff = await house.world.family(), await house.world.staff()
    assert (await family.get(path)).status_code == 404
    asked = await family.post(path, {"title": "王秀英"})
    assert (asked.status_code, asked.json()["status"], asked.json()["issuer"]) == (
        201,
        "requested",
        (await family.get(f"/v1/bookings/{wire('bkg', booking_id)}")).json()["institution_name"],
    )
    again = await family.post(path, {"title": "另一人"})
    assert (again.status_code, again.json()["code"]) == (409, "invoice_exists")
    assert (await staff.post(f"{path}/refusal")).json()["status"] == "refused"
    company = {"title": "南方康养有限公司", "tax_number": "91220000MA0000000X"}
    assert (await family.post(path, company)).json()["buyer_tax_number"] == "91220000MA0000000X"

    issued = await staff.post(f"{path}/issuance", {"number": NUMBER, "issued_on": house.world.today.isoformat()})

    assert (issued.json()["status"], issued.json()["number"], issued.json()["amount"]["amount"]) == (
        "issued",
        NUMBER,
        280_000,
    )
    assert (await staff.post(f"{path}/refusal")).json()["code"] == "illegal_transition"
    assert (await state(family, wire("bkg", booking_id)))["invoice"]["number"] == NUMBER
    other = f"/v1/bookings/{wire('bkg', await house.paid_stay(nights=14, first=20))}/invoice"
    await family.post(other, {"title": "王秀英"})
    twice = await staff.post(f"{other}/issuance", {"number": NUMBER, "issued_on": house.world.today.isoformat()})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/number")
    assert (await family.get(other)).json()["status"] == "requested"
    kept = await fetch_value("SELECT string_agg(encode(buyer, 'escape'), '') FROM invoices")
    assert "王秀英" not in kept


async def test_nothing_is_invoiced_before_it_was_paid_or_after_it_went_back(house):
    booking_id = await house.paid_stay(nights=14, first=20)
    name = wire("bkg", booking_id)
    family, staff = await house.world.family(), await house.world.staff()
    await family.post(f"/v1/bookings/{name}/invoice", {"title": "王秀英"})
    credit = {"amount": {"amount": 280_000, "currency": "CNY"}, "reason": "全额减免"}
    assert (await staff.post(f"/v1/bookings/{name}/credits", credit, key=new_id().hex)).status_code == 201
    body = {"number": NUMBER, "issued_on": house.world.today.isoformat()}
    refused = await staff.post(f"/v1/bookings/{name}/invoice/issuance", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_invoice")
    assert (await family.get(f"/v1/bookings/{name}/invoice")).json()["status"] == "requested"
