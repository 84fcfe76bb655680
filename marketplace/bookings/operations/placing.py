"""Quoting, and turning a quote into a booking on hold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.bookings.errors import GuestCountDiffers, PartnerReferenceUsed
from marketplace.bookings.events import BookingPlaced
from marketplace.bookings.jobs import ExpireHold
from marketplace.bookings.operations.hoarding import ensure_may_hold
from marketplace.bookings.rules import HOLD, Contact, Guest, SeatsWanted, StayWanted, wish_of
from marketplace.bookings.states import Status
from marketplace.certifications import operations as certifications
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.kit import audit
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import DomainError, invalid
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.pricing import operations as pricing
from marketplace.pricing import queries as quotes
from marketplace.pricing.errors import PromotionUnusable, QuoteUsed
from marketplace.pricing.rules import Quote, ensure_usable
from marketplace.tours import operations as tours


async def quote(*, principal: Principal, wanted: StayWanted | SeatsWanted, now: datetime) -> Quote:
    """Price a stay or seats on a departure as an immutable offer.

    Refuses: Invalid naming the field, NotFound, PromotionUnusable, InstitutionNotBookable, NotAvailable, DepartureFull.
    """
    if isinstance(wanted, SeatsWanted):
        return await tours.quote_departure(
            principal=principal, departure_id=wanted.departure_id, traveller_count=wanted.traveller_count, now=now
        )
    return await pricing.quote_stay(
        principal=principal,
        room_type_id=wanted.room_type_id,
        check_in=wanted.check_in,
        check_out=wanted.check_out,
        guest_count=wanted.guest_count,
        unit_count=wanted.unit_count,
        companion_bed_count=wanted.companion_bed_count,
        meal_plan=wanted.meal_plan,
        care_levels=wanted.care_levels,
        gender=wanted.gender,
        promotion_code=wanted.promotion_code,
        now=now,
    )


async def place(  # noqa: PLR0913 - a booking is these facts, each named at the call.
    *,
    principal: Principal,
    quote_id: UUID,
    guests: Sequence[Guest],
    contact: Contact,
    partner_reference: str | None,
    now: datetime,
) -> UUID:
    """Take the nights or seats of a quote and hold them for 30 minutes.

    Refuses: QuoteExpired, QuoteUsed, PriceChanged, InstitutionNotBookable, NotAvailable, DepartureFull,
    GuestCountDiffers, PartnerReferenceUsed, TooManyHolds; after a refusal the caller's transaction is to be given up.
    Publishes: booking.placed; bookings.expire_hold when the hold ends.
    """
    booking_id, expires_at = new_id(), now + HOLD
    async with transaction(savepoint=False):
        offer = await quotes.quote(quote_id=quote_id, principal=principal)
        ensure_usable(offer, now=now)
        _check_party(offer, guests, partner_reference, principal)
        if offer.departure_id is None:
            await certifications.ensure_bookable(
                institution_id=offer.institution_id, check_in=offer.check_in, check_out=offer.check_out, now=now
            )
        seat_id, allocation_id, institution_id = await _take(offer, booking_id, expires_at, now)
        offer = await pricing.claim(
            quote_id=quote_id, offer=offer, booking_id=booking_id, principal=principal, hold_until=expires_at, now=now
        )
        await ensure_may_hold(principal=principal, now=now)
        await _insert(
            booking_id=booking_id,
            offer=offer,
            principal=principal,
            institution_id=institution_id,
            seat_id=seat_id,
            allocation_id=allocation_id,
            contact=contact,
            guests=guests,
            partner_reference=partner_reference,
            hold_expires_at=expires_at,
            now=now,
        )
        await publish(
            BookingPlaced(
                booking_id=booking_id,
                institution_id=institution_id,
                partner_id=principal.id if principal.kind == "partner" else None,
                check_in=offer.check_in,
                check_out=offer.check_out,
                hold_expires_at=expires_at,
            ),
            now=now,
        )
        await publish(ExpireHold(booking_id=booking_id), now=now, due_at=expires_at)
        await audit.record("booking.placed", actor=principal, subject=booking_id, now=now)
    return booking_id


async def requote(*, principal: Principal, quote_id: UUID, now: datetime) -> Quote | None:
    """Price the wish of an old quote again, without its promotion when that has ended or is used up.

    None when it cannot be met any more. Refuses: NotFound.
    """
    wanted = wish_of(await quotes.quote(quote_id=quote_id, principal=principal))
    try:
        try:
            return await quote(principal=principal, wanted=wanted, now=now)
        except PromotionUnusable:
            plain = msgspec.structs.replace(wanted, promotion_code=None)
            return await quote(principal=principal, wanted=plain, now=now)
    except DomainError:
        return None


def _check_party(offer: Quote, guests: Sequence[Guest], partner_reference: str | None, principal: Principal) -> None:
    if offer.schedule[0].leg == "extension":
        raise invalid("quote_id", zh="延住报价不能用于新预订", en="This quote extends a stay; it books no new one.")
    if len(guests) != offer.guest_count:
        raise GuestCountDiffers(
            quoted=offer.guest_count, fields=invalid("guests", zh="人数与报价不符", en="Not the quoted number").fields
        )
    if partner_reference is not None and principal.kind != "partner":
        raise invalid("partner_reference", zh="仅合作平台可用", en="Only partners may set this.")


async def _take(
    offer: Quote, booking_id: UUID, expires_at: datetime, now: datetime
) -> tuple[UUID | None, UUID | None, UUID]:
    """Take seats or nights; returns ``(seat_id, allocation_id, institution_id)``."""
    if offer.departure_id is not None:
        seat = await tours.seat(
            departure_id=offer.departure_id,
            booking_id=booking_id,
            traveller_count=offer.guest_count,
            expires_at=expires_at,
            now=now,
        )
        return seat.seat_id, None, seat.institution_id
    assert offer.room_type_id is not None
    assert offer.party is not None
    allocation_id = await inventory.take(
        room_type_id=offer.room_type_id,
        check_in=offer.check_in,
        check_out=offer.check_out,
        unit_count=offer.unit_count,
        kind="booking",
        owner_id=booking_id,
        expires_at=expires_at,
        gender=offer.party.gender,
        companion_bed_count=offer.party.companion_bed_count,
        now=now,
    )
    return None, allocation_id, offer.institution_id


async def _insert(  # noqa: PLR0913 - one row, each column named.
    *,
    booking_id: UUID,
    offer: Quote,
    principal: Principal,
    institution_id: UUID,
    seat_id: UUID | None,
    allocation_id: UUID | None,
    contact: Contact,
    guests: Sequence[Guest],
    partner_reference: str | None,
    hold_expires_at: datetime,
    now: datetime,
) -> None:
    columns = {
        "id": booking_id,
        "kind": "stay" if offer.departure_id is None else "tour",
        "status": Status.ON_HOLD.value,
        "owner_kind": principal.kind,
        "owner_id": principal.id,
        "partner_reference": partner_reference,
        "quote_id": offer.id,
        "institution_id": institution_id,
        "room_type_id": offer.room_type_id,
        "departure_id": offer.departure_id,
        "seat_id": seat_id,
        "allocation_id": allocation_id,
        "check_in": offer.check_in,
        "check_out": offer.check_out,
        "guest_count": offer.guest_count,
        "unit_count": offer.unit_count,
        "total_amount": offer.total_amount,
        "paid_amount": 0,
        "currency": offer.currency,
        "schedule": msgspec.json.encode(offer.schedule).decode(),
        "cancellation_policy": msgspec.json.encode(offer.cancellation_policy).decode(),
        "contact": vault().seal(contact, table="bookings", column="contact", row=booking_id),
        "guests": vault().seal(list(guests), table="bookings", column="guests", row=booking_id),
        "hold_expires_at": hold_expires_at,
        "placed_at": now,
    }
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    try:
        await execute(f"INSERT INTO bookings ({', '.join(columns)}) VALUES ({places})", *columns.values())
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "bookings_partner_reference":
            raise PartnerReferenceUsed from None
        raise QuoteUsed from None
