"""Two counties that know nothing of each other: in each an institution, its guests, its staff and its officers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from marketplace.catalog import operations as catalog
from marketplace.certifications import operations as certifications
from marketplace.certifications.rules.proceeding import CaseKind
from marketplace.identity.operations import open_session
from marketplace.identity.rules import Kind, Level, Scope
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.ids import new_id, parse, wire
from marketplace.payments import operations as payments
from marketplace.quality import operations as quality
from marketplace.quality.rules import IncidentKind, Severity, Subject
from marketplace.signing import operations as signing
from marketplace.signing.rules import Purpose
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from seed import procedure
from tests.certifications.sheets import sheet_of
from tests.support.sandbox import Sandbox
from tests.support.world import Caller, World, hold, open_payment, read
from tests.tours.conftest import DRAFT

ANYONE, FAMILY, PARTNER, READER, STAFF = "anyone", "family", "partner", "reading partner", "institution"
FINANCE = "finance"
COUNTY, PREFECTURE, PROVINCE = "county", "prefecture", "province"

Ids = Mapping[str, str]
ADJUSTMENT = {"item": "extra_meals", "unit_price": {"amount": 3000, "currency": "CNY"}, "quantity": 4}
REASON = {"reason": "现场检查，依据事实"}
PROMOTION = {
    "code": "MATRIX",
    "name": "试用",
    "name_en": "Trial",
    "discount_bps": 100,
    "valid_from": "2026-01-01",
    "valid_until": "2099-01-01",
}


@dataclass
class Side:
    """One county with an institution, its guests, its staff and its officers."""

    callers: dict[str, Caller] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    of_family: dict[str, str] = field(default_factory=dict)
    of_partner: dict[str, str] = field(default_factory=dict)

    def ids(self, role: str) -> Ids:
        """Return the ids that are this side's, as one kind of caller would name them."""
        theirs = self.of_partner if role in (PARTNER, READER) else self.of_family
        # An institution learns of a booking once it is confirmed.
        return self.shared | theirs | ({"booking_id": theirs["confirmed_id"]} if role == STAFF else {})


async def build_side(world: World, bank: Sandbox, *, place: str, county: str, prefecture: str) -> Side:
    found = Side()
    province = await world.officer()
    asker = await world.officer()
    await world.open_house(f"{place}旅居（示例）", place, units=20)
    uncertified = await world.add_institution(f"{place}新院（示例）", place)
    found.callers = {
        FAMILY: await world.family(f"+861380013{county[-4:]}"),
        PARTNER: await world.partner(f"{place}旅行（示例）"),
        STAFF: await world.staff(),
        COUNTY: await world.officer(Level.COUNTY, county),
        PREFECTURE: await world.officer(Level.PREFECTURE, prefecture),
        PROVINCE: province,
        FINANCE: await world.finance(),
    }
    async with transaction():
        session = await open_session(
            kind=Kind.PARTNER,
            holder_id=found.callers[PARTNER].principal.id,
            scopes=(Scope.READ,),
            now=world.now,
        )
    found.callers[READER] = Caller(session=session, client=world.client)
    found.of_family = await guest_ids(world, bank, found.callers[FAMILY])
    found.of_partner = await guest_ids(world, bank, found.callers[PARTNER])
    for guest, ids in ((FAMILY, found.of_family), (PARTNER, found.of_partner)):
        ids.update(await money_ids(found.callers[guest], found.callers[STAFF], ids))
    await certifications.order_due_assessments(now=world.now + timedelta(days=350))
    certification_id = wire("crt", world.certification_id)
    revocable_id = await add_revocable(world, province, place=place)
    decision = await asker.post(f"/v1/certifications/{revocable_id}/revocation", REASON)
    assert decision.status_code == 202, decision.text
    institution = f"/v1/institutions/{wire('ins', world.institution_id)}"
    promotion = await found.callers[STAFF].post(f"{institution}/promotions", PROMOTION | {"code": county})
    assert promotion.status_code == 201, promotion.text
    found.shared = {
        "promotion_id": promotion.json()["id"],
        **await finance_ids(world, parse("pay", found.of_family["payment_id"])),
        "institution_id": wire("ins", world.institution_id),
        **await add_procedure(world, found, uncertified),
        "certification_id": certification_id,
        "room_type_id": wire("rmt", world.room_type_id),
        "decision_id": decision.json()["id"],
        **await assessments(world, found),
        **await inspections(world),
        "number": await fetch_value("SELECT number FROM certifications WHERE id = $1", world.certification_id),
        "list_id": "revocation-1",
        "code": await pay_code(parse("bkg", found.of_family["booking_id"])),
        "today": world.today.isoformat(),
        "tomorrow": world.day(1).isoformat(),
        "outage_id": await outage_id(world, found.callers[STAFF]),
        "name": "start.js",
        "path": "redoc",
        **await open_to_all(world),
        **await add_quality(world, found),
    }
    return found


async def add_quality(world: World, side: Side) -> dict[str, str]:
    """Leave a complaint of each guest, referred to the institution, an incident, and the signals of both."""
    officer, staff = side.callers[COUNTY].principal, side.callers[STAFF].principal
    for role, theirs in ((FAMILY, side.of_family), (PARTNER, side.of_partner)):
        complaint = await quality.complain(
            booking_id=parse("bkg", theirs["confirmed_id"]),
            subject=Subject.FOOD,
            statement="餐食不符",
            actor=side.callers[role].principal,
            now=world.now,
        )
        await quality.refer(complaint_id=complaint.id, note="请说明", actor=officer, now=world.now)
        await quality.follow_complaint(complaint_id=complaint.id, now=world.now)
        theirs["complaint_id"] = wire("cpl", complaint.id)
    incident = await quality.report(
        institution_id=world.institution_id,
        kind=IncidentKind.FALL,
        severity=Severity.MINOR,
        occurred_at=world.now,
        statement="跌倒",
        actor=staff,
        now=world.now,
    )
    report = {
        "institution_id": wire("ins", world.institution_id),
        "kind": "fall",
        "severity": "minor",
        "occurred_at": world.now.isoformat(),
        "statement": "跌倒",
    }
    rotation = await signing.request_rotation(
        purpose=Purpose.CHECKPOINT, compromised=False, reason="更换", actor=officer, now=world.now
    )
    quality_ids = {"rotation_id": wire("rot", rotation.id)}
    return quality_ids | {"incident_id": wire("icd", incident.id), "incident": msgspec.json.encode(report).decode()}


async def money_ids(guest: Caller, staff: Caller, ids: Ids) -> dict[str, str]:
    """Leave a proposed adjustment and a request for an invoice with a confirmed booking."""
    booking = f"/v1/bookings/{ids['confirmed_id']}"
    proposed = await staff.post(f"{booking}/adjustments", ADJUSTMENT, key=new_id().hex)
    assert proposed.status_code == 201, proposed.text
    asked = await guest.post(f"{booking}/invoice", {"title": "王秀英"})
    assert asked.status_code == 201, asked.text
    return {"charge_id": proposed.json()["id"]}


async def finance_ids(world: World, payment_id: UUID) -> dict[str, str]:
    """Leave a refund that people are to pay, and a release that somebody asked for."""
    refund_id = await payments.request_interest(
        payment_id=payment_id,
        principal_amount=100_000,
        year_bps=300,
        dedupe=f"matrix:{payment_id}",
        now=world.now + timedelta(days=30),
    )
    release_id = new_id()
    await execute(
        "INSERT INTO transfer_releases (id, institution_id, amount, currency, transfers_hash, reason, requested_by,"
        " requested_at, expires_at) VALUES ($1, $2, 1, 'CNY', '', '核对无误', $1, $3, $3)",
        release_id,
        world.institution_id,
        world.now,
    )
    assert refund_id is not None
    return {"refund_id": wire("ref", refund_id), "release_id": wire("rel", release_id)}


async def add_revocable(world: World, province: Caller, *, place: str) -> str:
    """Bring another institution to the eve of its revocation, which two officers decide."""
    institution_id = await world.add_institution(f"{place}旧院（示例）", place)
    certification_id = await world.certify(institution_id, province)
    await world.prepare_revocation(province, certification_id)
    return wire("crt", certification_id)


async def add_procedure(world: World, side: Side, uncertified: UUID) -> dict[str, str]:
    """Leave one of each on file: an appeal, a rectification, a noticed suspension, and an application in publicity."""
    province, staff = side.callers[PROVINCE].principal, side.callers[STAFF].principal
    facts = {"certification_id": world.certification_id, "actor": province, "now": world.now}
    await certifications.suspend(reason="燃气泄漏，紧急停业", **facts)
    emergency = await one("certification_cases", "certification_id", world.certification_id)
    appeal = await certifications.file_appeal(grounds="隐患已排除", case_id=emergency, actor=staff, now=world.now)
    await certifications.reinstate(reason="隐患消除", **facts)
    certified = await certifications.order_rectification(reason="价目表不全", safety_defect=False, **facts)
    await procedure.report(certified, now=world.now)
    await certifications.complete_rectification(reason="复查合格", **facts)
    case = await certifications.notice(kind=CaseKind.SUSPENSION, grounds=procedure.GROUNDS, **facts)
    shown = await procedure.publicise(
        institution_id=uncertified,
        sheet=sheet_of(),
        actor=province,
        visited_at=world.now - timedelta(days=30),
        now=world.now - timedelta(hours=1),
    )
    return {
        "appeal_id": wire("apl", appeal.id),
        "case_id": wire("cse", case.id),
        "rectification_id": wire(
            "rct", await one("certification_rectifications", "certification_id", world.certification_id)
        ),
        "application_id": wire("app", await one("certification_applications", "institution_id", world.institution_id)),
        "publicity_id": wire("app", shown.id),
    }


async def assessments(world: World, side: Side) -> dict[str, str]:
    """Return a published assessment, and one in its preview of which the institution has asked a correction."""
    found = "SELECT id FROM assessment_orders WHERE certification_id = $1 AND (status = 'done') = $2"
    published = await fetch_value(found, world.certification_id, True)
    previewed = await fetch_value(found, world.certification_id, False)
    # A visit is later than the one before it, and today's was the one that certified.
    await execute("UPDATE certifications SET assessed_on = assessed_on - 9 WHERE id = $1", world.certification_id)
    first, second = side.callers[PREFECTURE].principal, side.callers[PROVINCE].principal
    at = {"assessment_id": previewed, "now": world.now}
    await certifications.enter_result(sheet=sheet_of(), assessed_on=world.today, actor=first, **at)
    await certifications.confirm_result(revision=1, actor=second, **at)
    correction = await certifications.request_correction(
        codes=["S6"], statement="值守记录未计入", actor=side.callers[STAFF].principal, **at
    )
    return {
        "assessment_id": wire("asm", published),
        "previewed_id": wire("asm", previewed),
        "correction_id": wire("cor", correction.id),
    }


async def inspections(world: World) -> dict[str, str]:
    """Return a draw, and an inspection of this side's institution in it."""
    draw_id = await fetch_value("SELECT id FROM inspection_draws")
    if draw_id is None:
        for days in (0, 7):
            await certifications.draw_inspections(now=world.now + timedelta(days=days))
        draw_id = await fetch_value("SELECT id FROM inspection_draws ORDER BY period LIMIT 1")
    inspection_id = await fetch_value("SELECT id FROM inspections WHERE institution_id = $1", world.institution_id)
    if inspection_id is None:  # One in ten is drawn, and it was not this one.
        inspection_id = new_id()
        await execute(
            "INSERT INTO inspections (id, draw_id, certification_id, institution_id, position)"
            " VALUES ($1, $2, $3, $4, 1 + (SELECT count(*) FROM inspections))",
            inspection_id,
            draw_id,
            world.certification_id,
            world.institution_id,
        )
    return {"draw_id": wire("drw", draw_id), "inspection_id": wire("isp", inspection_id)}


async def pay_code(booking_id: UUID) -> str:
    """Make the link to pay of a booking, as the first reminder of its balance does."""
    code = booking_id.hex[-11:]
    await execute("INSERT INTO pay_links (booking_id, code) VALUES ($1, $2)", booking_id, code)
    return code


async def outage_id(world: World, staff: Caller) -> str:
    """Take a room out of service."""
    body = {"from": world.day(300).isoformat(), "to": world.day(310).isoformat(), **REASON}
    answer = await staff.post(f"/v1/room-types/{wire('rmt', world.room_type_id)}/out-of-service", body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def guest_ids(world: World, bank: Sandbox, guest: Caller) -> dict[str, str]:
    """Give a guest a quote, a booking on hold, an offer to cancel it, and a confirmed booking with its payment."""
    booking = await hold(world, guest)
    quote = await guest.post("/v1/quotes", world.wish(first=80))
    offer = await guest.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")
    confirmed = await hold(world, guest, first=120)
    payment = await open_payment(guest, confirmed)
    await bank.pay(urlsplit(payment["checkout_url"]).path.rsplit("/", 1)[1])
    await guest.get(f"/payments/{payment['id']}/return")
    assert (await read(guest, confirmed))["status"] == "confirmed"
    return {
        "quote_id": quote.json()["id"],
        "booking_id": booking["id"],
        "cancellation_quote_id": offer.json()["id"],
        "confirmed_id": confirmed["id"],
        "payment_id": payment["id"],
        "longer": world.day(153).isoformat(),
        "wish": msgspec.json.encode(world.wish(first=160)).decode(),
    }


async def open_to_all(world: World) -> dict[str, str]:
    """Publish a picture, a tour and a departure."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>院</title><rect width="9" height="9"/></svg>'
    )
    picture_id = await catalog.add_picture(
        institution_id=world.institution_id, caption_zh="院", caption_en="Court", svg=svg, actor=SYSTEM, now=world.now
    )
    draft = msgspec.structs.replace(DRAFT, name=f"清凉五日 {picture_id.hex}")
    tour_id = await tours.publish_tour(draft=draft, actor=SYSTEM, now=world.now)
    departure_id = await tours.open_departure(
        draft=DepartureDraft(
            tour_id=tour_id,
            check_in=world.day(200),
            check_out=world.day(204),
            price_amount=458_000,
            blocks=(BlockWanted(room_type_id=world.room_type_id, unit_count=4),),
        ),
        actor=SYSTEM,
        now=world.now,
    )
    return {
        "tour_id": wire("tor", tour_id),
        "departure_id": wire("dep", departure_id),
        "file_name": f"{wire('med', picture_id)}.svg",
    }


async def one(table: str, column: str, value: object) -> Any:
    return await fetch_value(f"SELECT id FROM {table} WHERE {column} = $1", value)
