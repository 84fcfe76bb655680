"""Staying longer: further nights are quoted, held on their own for a day, and joined to the stay once they are paid."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.bookings.errors import ExtensionImpossible, NoExtensionQuote
from marketplace.bookings.operations.charging import EXTENSION, Charge, insert_charge
from marketplace.bookings.operations.chasing import ask_for_charge
from marketplace.bookings.operations.loading import Row, lock, peek_own
from marketplace.bookings.states import ChargeStatus, Status
from marketplace.certifications import operations as certifications
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.errors import NotAvailable
from marketplace.inventory.rules import STAY_NIGHTS_MAX
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import transaction
from marketplace.kit.errors import Busy
from marketplace.kit.ids import new_id
from marketplace.pricing import operations as pricing
from marketplace.pricing import queries as quotes
from marketplace.pricing.rules import Quote, ensure_usable

# A month at most: longer stays are billed by the month (R14), and may be extended again.
NIGHTS_MAX = 30
PAY_WITHIN = timedelta(hours=24)


async def quote_extension(*, principal: Principal, booking_id: UUID, check_out: date, now: datetime) -> Quote:
    """Price further nights for the same party in the same room type, to be paid at once.

    The house's rules for a stay hold for the further nights too, such as the least number of nights.
    Refuses: NotFound, ExtensionImpossible, Invalid, and whatever makes the nights unsellable.
    """
    row = await peek_own(booking_id, principal=principal)
    _check(row, check_out, now=now)
    assert row.room_type_id is not None
    assert row.party is not None
    return await pricing.quote_stay(
        principal=principal,
        room_type_id=row.room_type_id,
        check_in=row.check_out,
        check_out=check_out,
        guest_count=row.guest_count,
        unit_count=row.unit_count,
        companion_bed_count=row.party.companion_bed_count,
        meal_plan=row.party.meal_plan,
        care_levels=row.party.care_levels,
        gender=row.party.gender,
        leg=EXTENSION.value,
        now=now,
    )


async def extend_stay(*, principal: Principal, booking_id: UUID, quote_id: UUID, now: datetime) -> UUID:
    """Hold the nights of an extension quote for a day; the stay is longer once its leg is paid. Returns the charge.

    Until then the booking is as it was: an extension that is not paid in time only gives its nights back.
    Refuses: NotFound, NoExtensionQuote, ExtensionImpossible, QuoteExpired, QuoteUsed, PriceChanged, NotAvailable,
    InstitutionNotBookable, StayBeyondCertificate. Publishes: booking.payment_due; bookings.lapse_charge when it is due.
    """
    charge_id, due_at = new_id(), now + PAY_WITHIN
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        offer = await quotes.quote(quote_id=quote_id, principal=principal)
        ensure_usable(offer, now=now)
        _check(before, offer.check_out, now=now)
        if not _fits(before, offer):
            raise NoExtensionQuote
        await certifications.ensure_bookable(
            institution_id=before.institution_id, check_in=offer.check_in, check_out=offer.check_out, now=now
        )
        allocation_id = await take_nights(
            before, charge_id, first_on=offer.check_in, end_on=offer.check_out, expires_at=due_at, now=now
        )
        await pricing.claim(quote_id=quote_id, offer=offer, booking_id=charge_id, principal=principal, now=now)
        row = await lock(booking_id)
        if (row.status, row.check_out) != (before.status, before.check_out):
            raise Busy
        number = await insert_charge(_columns(row, offer, charge_id, allocation_id, due_at=due_at, now=now))
        if number is None:
            raise ExtensionImpossible(nights_max=NIGHTS_MAX)
        await ask_for_charge(
            row, charge_id=charge_id, leg=EXTENSION, number=number, amount=offer.total_amount, due_at=due_at, now=now
        )
        await audit.record("booking.extension_held", actor=principal, subject=booking_id, now=now, after=offer.id)
    return charge_id


async def take_nights(  # noqa: PLR0913 - these facts, each named at the call.
    row: Row, charge_id: UUID, *, first_on: date, end_on: date, expires_at: datetime | None, now: datetime
) -> UUID:
    """Take the further nights of a stay. Refuses: NotAvailable, StayRestricted, CompanionBedsTaken."""
    assert row.room_type_id is not None
    assert row.party is not None
    return await inventory.take(
        room_type_id=row.room_type_id,
        check_in=first_on,
        check_out=end_on,
        unit_count=row.unit_count,
        kind="booking",
        owner_id=charge_id,
        expires_at=expires_at,
        gender=row.party.gender,
        companion_bed_count=row.party.companion_bed_count,
        now=now,
    )


async def secure_extension(row: Row, charge: Charge, *, now: datetime) -> None:
    """Join the nights of a paid extension to the stay, taking them again when they lapsed, before the booking is locked.

    Refuses: InstitutionNotBookable, StayBeyondCertificate, NotAvailable: then the money goes back.
    """
    await certifications.ensure_bookable(
        institution_id=row.institution_id, check_in=charge.first_on, check_out=charge.end_on, now=now
    )
    further = charge.allocation_id
    if further is None or not await inventory.keep(allocation_id=further):
        further = await take_nights(
            row, charge.id, first_on=charge.first_on, end_on=charge.end_on, expires_at=None, now=now
        )
    assert row.allocation_id is not None
    if row.check_out != charge.first_on or not await inventory.join(
        allocation_id=row.allocation_id, further_id=further
    ):
        raise NotAvailable(first_full_night=charge.first_on)


def _check(row: Row, check_out: date, *, now: datetime) -> None:
    certain = row.kind == "stay" and row.status in (Status.CONFIRMED, Status.CHECKED_IN)
    nights = (check_out - row.check_out).days
    whole = (check_out - row.check_in).days
    in_time = local_date(now) <= row.check_out
    # Beds of a shared room may be another room's on the further nights, and nobody moves without being asked.
    shared = row.party is not None and row.party.gender is not None
    if not (certain and in_time and 0 < nights <= NIGHTS_MAX and whole <= STAY_NIGHTS_MAX) or shared:
        raise ExtensionImpossible(nights_max=NIGHTS_MAX)


def _fits(row: Row, offer: Quote) -> bool:
    of_extension = [leg.leg for leg in offer.schedule] == [EXTENSION.value]
    same = (row.room_type_id, row.check_out, row.unit_count, row.party)
    return of_extension and same == (offer.room_type_id, offer.check_in, offer.unit_count, offer.party)


def _columns(  # noqa: PLR0913 - these facts, each named at the call.
    row: Row, offer: Quote, charge_id: UUID, allocation_id: UUID, *, due_at: datetime, now: datetime
) -> dict[str, object]:
    return {
        "id": charge_id,
        "booking_id": row.id,
        "institution_id": row.institution_id,
        "kind": EXTENSION.value,
        "status": ChargeStatus.OPEN.value,
        "quote_id": offer.id,
        "allocation_id": allocation_id,
        "first_on": offer.check_in,
        "end_on": offer.check_out,
        "lines": msgspec.json.encode(offer.lines).decode(),
        "amount": offer.total_amount,
        "currency": offer.currency,
        "due_at": due_at,
        "opened_at": now,
    }
