"""The main job, told against the running system: every line that is printed has been read back from the API."""

import time
from functools import partial
from typing import Any
from uuid import uuid4

from marketplace.embedded import paths
from marketplace.embedded.state import load
from marketplace.kit.money import yuan
from seed.logins import DEMO
from seed.telling import Caller, Story, until

Json = dict[str, Any]
GROUNDS = {
    "facts": "演示：以虚假材料取得认定，消防验收文件系伪造",
    "legal_basis": "认定办法；行政处罚法第四十四条、第四十五条（类推）",
    "rights": "可在五个工作日内陈述、申辩并要求听证；对决定不服的，可在六十日内申请行政复议",
}
METHODS = {"card": "银行卡", "alipay": "支付宝", "wechat_pay": "微信支付"}


async def run() -> None:
    """Tell the whole story, or stop at the first claim that does not hold."""
    known = load(paths.home()).run
    if known is None:
        raise SystemExit("nothing is running here: start it with `make up`")
    started = time.monotonic()
    async with Story.open(api=known.urls["api"]) as story:
        await catalogue(story)
        stay = await family_books(story)
        await institution_receives(story, stay)
        await families_are_reminded(story)
        await partner_books_and_cancels(story)
        await tour_is_booked(story)
        await civil_affairs_reassesses(story)
        await civil_affairs_revokes(story)
        story.end(f"{story.claims} claims read back in {time.monotonic() - started:.0f} s")


async def catalogue(story: Story) -> None:
    """Find certified institutions by place, service and words."""
    story.chapter("名录 · The register")
    everyone = await story.all("/v1/institutions", limit=100)
    assert all(item["certification"]["status"] in ("certified", "under_rectification") for item in everyone)
    clusters = {cluster["code"] for place in await story.all("/v1/places") for cluster in place["clusters"]}
    story.tell(f"{len(everyone)} institutions may be booked today, in {len(clusters)} clusters")
    springs = await story.all("/v1/institutions", service="hot_spring", grade_min=3, limit=100)
    assert all("hot_spring" in [service["code"] for service in item["services"]] for item in springs)
    story.tell(f"{len(springs)} of them have hot springs (温泉) and grade 3 or better")
    by_sound = await story.all("/v1/institutions", q="hunchun", limit=100)
    assert by_sound
    story.tell(f"“hunchun” finds {len(by_sound)} in or about 珲春, such as {by_sound[0]['name']}")


async def family_books(story: Story) -> Json:
    """Sign in by code, quote, hold, pay, and be told; returns the booking and who made it."""
    story.chapter("家庭 · A daughter books for her parents")
    family = await story.family(DEMO.families[0].phone)
    story.tell(f"a one-time code by SMS signs {DEMO.families[0].phone} in")
    staff = await story.staff(DEMO.institutions[0])
    offer = await story.offer(family, institution_id=staff.institution_id, first=1, nights=14, guests=2)
    for line in offer["lines"]:
        story.tell(f"quote: {line['reason_zh']} {yuan(line['amount']['amount'])}")
    booking, replayed = await story.book_twice(family, offer)
    story.tell(
        f"held until {booking['hold_expires_at']}; the same POST again is the same booking (replayed: {replayed})"
    )
    booking = await story.pay(family, booking, method="alipay")
    story.tell(f"{METHODS['alipay']} {yuan(booking['paid']['amount'])} → {booking['status']}")
    told = await story.message(family.address, "booking_confirmed", since=booking["placed_at"])
    story.tell(f"SMS: {told}")
    return booking | {"_staff": staff}


async def institution_receives(story: Story, stay: Json) -> None:
    """See the arrival and acknowledge it."""
    story.chapter("机构 · The institution prepares")
    staff: Caller = stay["_staff"]
    arrivals = (await staff.get("/v1/arrivals"))["items"]
    assert stay["id"] in [item["id"] for item in arrivals]
    acknowledged = await staff.post(f"/v1/bookings/{stay['id']}/acknowledgement")
    assert acknowledged["acknowledged_at"]
    story.tell(f"{len(arrivals)} parties arrive this week; this one is acknowledged")
    early = await staff.refused(409, f"/v1/bookings/{stay['id']}/check-in")
    story.tell(f"check-in today is refused: {early['detail']}")


async def families_are_reminded(story: Story) -> None:
    """See the reminders that the calendar sent to the families of the demo world."""
    story.chapter("提醒 · Reminders")
    phones = [family.phone for family in DEMO.families]
    for template in ("reminder_7_days", "reminder_1_day", "reminder_balance"):
        story.tell(f"SMS: {await story.message_to_any(phones, template)}")


async def partner_books_and_cancels(story: Story) -> None:
    """Do the same over REST, cancel within seven days, and read the feed."""
    story.chapter("合作平台 · A travel platform")
    partner = await story.partner(DEMO.partners[0])
    feed = await story.cursor(partner)
    offer = await story.offer(partner, first=60, nights=30, guests=2)
    booking = await story.book(partner, offer, partner_reference=f"DEMO-{uuid4().hex[:8]}")
    booking = await story.pay(partner, booking, method="card")
    deposit, total = booking["paid"]["amount"], booking["total"]["amount"]
    story.tell(
        f"{booking['night_count']} nights for {yuan(total)}: deposit {yuan(deposit)} by card → {booking['status']}"
    )
    quote = await partner.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")
    assert quote["refund"]["amount"] == deposit, "within seven days of payment everything comes back (R17)"
    await partner.post(
        f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key=uuid4().hex
    )
    booking = await story.refunded(partner, booking, deposit)
    story.tell(f"cancelled within seven days: {yuan(deposit)} back, refund {booking['refunds'][0]['status']}")
    kinds = await story.feed(partner, feed, until_kind="refund.succeeded", booking_id=booking["id"])
    story.tell(f"the event feed told it in order: {' → '.join(kinds)}")


async def tour_is_booked(story: Story) -> None:
    """Take seats on a departure, and see what the calendar decided about others."""
    story.chapter("团队 · A group tour")
    family = await story.family(DEMO.families[1].phone)
    on_sale = [item for item in await story.all("/v1/departures") if item["largest_party"] >= 2]
    assert on_sale, "the demo world has a departure with places left"
    departure = on_sale[-1]
    offer = await family.post("/v1/quotes", {"departure_id": departure["id"], "travellers": [{}, {}]})
    booking = await story.pay(family, await story.book(family, offer), method="wechat_pay")
    story.tell(f"{departure['tour_name']} on {departure['check_in']}: two seats, {booking['status']}")
    partner = await story.partner(DEMO.partners[1])
    for kind, decision in (("departure.guaranteed", "guaranteed"), ("departure.not_formed", "not_formed")):
        decided = await until(partial(partner.get, "/v1/events", types=kind), _has_items, f"{kind} in the feed")
        found = await story.get(f"/v1/departures/{decided['items'][0]['data']['departure_id']}")
        # Each telling moves the clock on: by the third the group that was formed has left.
        assert found["status"] == decision or (decision, found["status"]) == ("guaranteed", "departed")
        counts = f"{found['confirmed_count']} of at least {found['group']['min_count']}"
        story.tell(f"seven days before {found['check_in']} the calendar decided: {counts} travellers, {decision}")


def _has_items(page: Json) -> bool:
    return bool(page["items"])


async def civil_affairs_reassesses(story: Story) -> None:
    """See the assessments that the calendar ordered."""
    story.chapter("民政 · Dynamic certification: re-assessment")
    officer = await story.officer(DEMO.officers[0])

    async def ordered() -> list[Json]:
        return await officer.all("/v1/assessments", status="ordered")

    orders = await until(ordered, bool, "assessments are ordered")
    story.tell(f"{len(orders)} assessments were ordered by the calendar; the first is due on {orders[0]['due_on']}")
    done = await officer.all("/v1/assessments", status="done")
    scored = next(item for item in done if item["stage"] == "published" and item["revision"])
    explained = await story.get(f"/v1/assessments/{scored['id']}")
    assert sum(item["points"] for item in explained["items"]) == explained["score"]
    story.tell(
        f"{explained['institution_name']}: {len(explained['items'])} items add up to {explained['score']} points, grade"
        f" {explained['grade']} by {explained['rubric']}, seen by {explained['assessed_on']}; anyone may read why"
    )
    inspected = await story.all("/v1/inspections")
    draws = await story.all("/v1/inspection-draws")
    assert inspected
    story.tell(
        f"双随机 {draws[0]['period']}: {draws[-1]['drawn_count']} drawn by lot, the seed's hash {draws[-1]['commitment'][:12]}…"
        f" was published on {draws[-1]['announced_at'][:10]}; {len(inspected)} result is public"
    )
    listed = await story.all("/v1/institutions", limit=100)
    overdue = [item for item in listed if item["certification"]["assessment_overdue"]]
    story.tell(f"{len(overdue)} listings show the public that their assessment is overdue")


async def civil_affairs_revokes(story: Story) -> None:
    """Suspend, give notice, wait for the defence, and revoke with two officers; see listing, booking and money move."""
    story.chapter("民政 · From suspension to revocation")
    family = await story.family(DEMO.families[2].phone)
    offer = await story.offer(family, first=60, nights=7, guests=1, keep_away_from_staff=True)
    booking = await story.pay(family, await story.book(family, offer), method="card")
    first = await story.officer(DEMO.officers[0])
    found = await first.all("/v1/certifications", institution_id=booking["institution_id"])
    certification = next(item for item in found if item["status"] == "certified")
    path = f"/v1/certifications/{certification['id']}"
    impact = await first.get(f"{path}/impact")
    story.tell(f"impact of revoking {booking['institution_name']}: {impact['confirmed_count']} confirmed bookings")
    await first.post(f"{path}/suspension", {"reason": GROUNDS["facts"]})
    await first.post(f"{path}/suspension/reasons", GROUNDS)
    listed = [item["id"] for item in await story.all("/v1/institutions", limit=100)]
    assert booking["institution_id"] not in listed
    story.tell("one officer suspends at once, with reasons the same day: not listed any more")
    early = await first.refused(409, f"{path}/revocation", {"reason": GROUNDS["facts"]})
    story.tell(f"revoking now is refused: {early['detail']}")
    case = await first.post(f"{path}/notices", GROUNDS | {"kind": "revocation"})
    conclusion = {"proceed": True, "defence_outcome": "当事人逾期未陈述申辩（示例）"}
    pending = await first.refused(409, f"/v1/cases/{case['id']}/conclusion", conclusion)
    story.tell(f"notice is given; concluding now is refused: {pending['detail']}")
    await story.move_past(pending["until"])
    first, second = await story.officer(DEMO.officers[0]), await story.officer(DEMO.officers[1])
    concluded = await first.post(f"/v1/cases/{case['id']}/conclusion", conclusion)
    assert concluded["status"] == "concluded"
    story.tell(f"the clock moves past {pending['until']}; nobody has answered, and the proceeding is concluded")
    decision = await first.post(f"{path}/revocation", {"reason": GROUNDS["facts"]})
    alone = await first.refused(409, f"/v1/decisions/{decision['id']}/approvals")
    story.tell(f"one officer alone is refused: {alone['detail']}")
    revoked = await second.post(f"/v1/decisions/{decision['id']}/approvals")
    assert revoked["status"] == "revoked"
    public = await story.get(f"/v1/certificates/{certification['number']}")
    assert public["status"] == "revoked"
    story.tell("the second officer approves, and the certificate's page says revoked")
    family = await story.family(DEMO.families[2].phone)
    booking = await story.refunded(family, booking, booking["paid"]["amount"])
    assert booking["status"] == "cancelled"
    story.tell(f"the family's {yuan(booking['refunded']['amount'])} went back in full")
    told = await story.message(family.address, "booking_displaced", since=booking["placed_at"])
    story.tell(f"SMS: {told}")
