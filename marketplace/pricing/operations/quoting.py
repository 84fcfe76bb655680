"""Making an offer, letting a booking use it, withdrawing it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from marketplace.catalog import queries as catalog
from marketplace.certifications import operations as certifications
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import Principal
from marketplace.inventory import queries as inventory
from marketplace.inventory.rules import Gender
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, require_transaction, transaction
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import new_id
from marketplace.pricing import queries
from marketplace.pricing.errors import PriceChanged, PromotionUnusable, QuoteUsed
from marketplace.pricing.operations.promoting import take_use
from marketplace.pricing.rules import (
    CURRENCY,
    Leg,
    LegName,
    Line,
    MealPlan,
    Party,
    Promotion,
    Quote,
    QuoteKind,
    cancellation_timeline,
    check_dates,
    check_offered,
    ensure_lawful_schedule,
    ensure_promotion,
    ensure_usable,
    normal,
    party_in,
    policy_on,
    price_stay,
    schedule,
    struck_through,
    total_of,
)


async def quote_stay(  # noqa: PLR0913 - a stay is these facts, each named at the call.
    *,
    principal: Principal,
    room_type_id: UUID,
    check_in: date,
    check_out: date,
    guest_count: int,
    unit_count: int = 1,
    companion_bed_count: int = 0,
    meal_plan: MealPlan = MealPlan.NONE,
    care_levels: Sequence[int] = (),
    gender: Gender | None = None,
    promotion_code: str | None = None,
    leg: LegName | None = None,
    now: datetime,
) -> Quote:
    """Price a stay as an immutable offer of 30 minutes. It holds no room and no use of a promotion: the booking does.

    With ``leg`` it is no stay of its own: that one leg pays all of it, at once.
    Refuses: Invalid naming the field; NotFound; PromotionUnusable; InstitutionNotBookable, StayBeyondCertificate;
    NotAvailable (``first_full_night``), StayRestricted (``night``), CompanionBedsTaken (``night``, ``left``).
    """
    today = local_date(now)
    check_dates(check_in=check_in, check_out=check_out, today=today)
    room_type = await catalog.room_type(room_type_id)
    party = party_in(
        room_type,
        guest_count=guest_count,
        unit_count=unit_count,
        companion_bed_count=companion_bed_count,
        meal_plan=meal_plan,
        care_levels=care_levels,
        gender=gender,
    )
    institution_id = room_type.institution_id
    async with transaction():
        certification = await certifications.ensure_bookable(
            institution_id=institution_id, check_in=check_in, check_out=check_out, now=now
        )
        nights = await inventory.stay_nights(
            room_type_id=room_type_id,
            check_in=check_in,
            check_out=check_out,
            unit_count=unit_count,
            gender=party.gender,
            companion_bed_count=companion_bed_count,
            now=now,
        )
        terms = await queries.terms(institution_id=institution_id, room_type_id=room_type_id, now=now)
        check_offered(party, terms)
        promotion = await _promotion(promotion_code, institution_id, night_count=len(nights), now=now)
        lines = price_stay(nights, party=party, plan=terms.plan, asked_on=today, promotion=promotion)
        return await issue(
            principal=principal,
            kind=QuoteKind.STAY,
            institution_id=institution_id,
            room_type_id=room_type_id,
            check_in=check_in,
            check_out=check_out,
            guest_count=guest_count,
            unit_count=unit_count,
            party=party,
            promotion_code=promotion.code if promotion else None,
            lines=lines,
            reference_amount=struck_through(lines, lowest_deal=terms.lowest_deal),
            certification=certification,
            rate_plan_on=terms.plan.effective_from_on,
            leg=leg,
            now=now,
        )


async def _promotion(code: str | None, institution_id: UUID, *, night_count: int, now: datetime) -> Promotion | None:
    if code is None:
        return None
    found = await queries.promotion(normal(code), now=now)
    return ensure_promotion(found, institution_id=institution_id, night_count=night_count, on=local_date(now))


async def issue(  # noqa: PLR0913 - an offer is these facts, each named at the call.
    *,
    principal: Principal,
    kind: QuoteKind,
    institution_id: UUID,
    room_type_id: UUID | None = None,
    departure_id: UUID | None = None,
    check_in: date,
    check_out: date,
    guest_count: int,
    unit_count: int,
    lines: Sequence[Line],
    certification: CertificationSnapshot,
    party: Party | None = None,
    promotion_code: str | None = None,
    reference_amount: int | None = None,
    rate_plan_on: date | None = None,
    leg: LegName | None = None,
    now: datetime,
) -> Quote:
    """Store an offer with its payment schedule and cancellation terms under the policy in force today.

    For a tour, ``institution_id`` is the first institution that hosts it, and ``unit_count`` the seats.
    """
    require_transaction()
    today, total = local_date(now), total_of(lines)
    policy = policy_on(today)
    cancellation = policy.cancellation[kind]
    by_the_month = check_out if kind is QuoteKind.STAY else None
    legs = schedule(total, check_in=check_in, today=today, policy=policy, check_out=by_the_month)
    if leg is not None:
        legs = (Leg(leg=leg, amount=total, due_on=today),)
    ensure_lawful_schedule(
        legs, total=total, check_in=check_in, check_out=check_out, months_max=policy.prepaid_months_max
    )
    offer = Quote(
        id=new_id(),
        kind=kind,
        institution_id=institution_id,
        room_type_id=room_type_id,
        departure_id=departure_id,
        check_in=check_in,
        check_out=check_out,
        guest_count=guest_count,
        unit_count=unit_count,
        party=party,
        promotion_code=promotion_code,
        lines=tuple(lines),
        total_amount=total,
        reference_amount=reference_amount,
        currency=CURRENCY,
        schedule=legs,
        cancellation_policy=cancellation,
        cancellation_timeline=cancellation_timeline(cancellation, total=total, check_in=check_in, issued_at=now),
        certification=certification,
        policy_version=policy.version,
        rate_plan_on=rate_plan_on,
        issued_at=now,
        expires_at=now + policy.quote_life,
    )
    await _insert(offer, principal=principal)
    await audit.record("quote.issued", actor=principal, subject=offer.id, now=now, after=offer)
    return offer


async def claim(  # noqa: PLR0913 - who uses what for which booking, and what is known of it already.
    *,
    quote_id: UUID,
    booking_id: UUID,
    principal: Principal,
    now: datetime,
    lines: Sequence[Line] | None = None,
    offer: Quote | None = None,
    hold_until: datetime | None = None,
) -> Quote:
    """Let one booking use a quote, once, at the price that still holds; locks the quote.

    A stay is priced again here, and its promotion is used until ``hold_until``; for a tour the caller may pass the
    ``lines`` of today. A refusal rolls the caller's transaction back, so the fresh quote that goes with it is made
    afterwards, in a transaction of its own. ``offer`` is the quote as the caller has read it: nothing of it changes but
    its end, and that is looked at again here.

    Refuses: NotFound, QuoteUsed, QuoteExpired, PriceChanged.
    """
    require_transaction()
    if offer is None:
        offer = await queries.quote(quote_id=quote_id, principal=principal)
    ensure_usable(offer, now=now)
    if lines is None and offer.party is not None:
        try:
            lines = await _price_again(offer, offer.party, booking_id=booking_id, hold_until=hold_until, now=now)
        except (Invalid, PromotionUnusable):
            raise PriceChanged from None
    if lines is not None and tuple(lines) != offer.lines:
        raise PriceChanged
    used = await execute(
        f"UPDATE quotes SET used_by_booking_id = $4 WHERE {queries.OWN} AND used_by_booking_id IS NULL"
        " AND voided_at IS NULL",
        quote_id,
        principal.kind,
        principal.id,
        booking_id,
    )
    if used == 0:
        # Another transaction ended it since it was read; its own words say how.
        ensure_usable(await queries.quote(quote_id=quote_id, principal=principal), now=now)
        raise QuoteUsed
    return msgspec.structs.replace(offer, used_by_booking_id=booking_id)


async def _price_again(
    offer: Quote, party: Party, *, booking_id: UUID, hold_until: datetime | None, now: datetime
) -> tuple[Line, ...]:
    """Price a quoted stay as of now and take the use of its promotion; how early it was asked for stays as it was.

    Refuses: Invalid, PromotionUnusable.
    """
    assert offer.room_type_id is not None
    found = await inventory.nights(
        room_type_ids=[offer.room_type_id], first=offer.check_in, end=offer.check_out, now=now
    )
    nights = found[offer.room_type_id]
    if not nights:
        return ()
    terms = await queries.terms(institution_id=offer.institution_id, room_type_id=offer.room_type_id, now=now)
    check_offered(party, terms)
    promotion = None
    if offer.promotion_code is not None:
        promotion = await _promotion(offer.promotion_code, offer.institution_id, night_count=len(nights), now=now)
        assert promotion is not None
        limited = promotion.usage_max is not None
        if limited and not await take_use(
            promotion_id=promotion.id, booking_id=booking_id, expires_at=hold_until, now=now
        ):
            raise PromotionUnusable
    return price_stay(nights, party=party, plan=terms.plan, asked_on=local_date(offer.issued_at), promotion=promotion)


async def void_open(*, institution_id: UUID, now: datetime) -> int:
    """Withdraw every unused quote of an institution, and return how many could still have been used.

    The caller holds the institution's certification FOR UPDATE, which every offer and every booking reads FOR SHARE.
    """
    require_transaction()
    return await execute(
        "UPDATE quotes SET voided_at = $2 WHERE institution_id = $1 AND used_by_booking_id IS NULL"
        " AND voided_at IS NULL AND expires_at > $2",
        institution_id,
        now,
    )


async def _insert(offer: Quote, *, principal: Principal) -> None:
    columns: dict[str, Any] = msgspec.structs.asdict(offer)
    del columns["used_by_booking_id"], columns["voided_at"]
    for name in ("lines", "schedule", "cancellation_policy", "cancellation_timeline", "certification"):
        columns[name] = msgspec.json.encode(columns[name]).decode()
    columns["party"] = msgspec.json.encode(offer.party).decode() if offer.party else None
    columns |= {"principal_kind": principal.kind, "principal_id": principal.id}
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    await execute(f"INSERT INTO quotes ({', '.join(columns)}) VALUES ({places})", *columns.values())
