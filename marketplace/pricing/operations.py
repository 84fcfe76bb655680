"""Writes of pricing: making an offer, letting a booking use it, withdrawing it.

In the global lock order (idempotency key → certification → departure → room type → quote → booking → payment) a quote
comes after the room types and before the booking.
"""

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
from marketplace.inventory.rules import Night
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, require_transaction, transaction
from marketplace.kit.ids import new_id
from marketplace.pricing import queries
from marketplace.pricing.errors import PriceChanged, QuoteUsed
from marketplace.pricing.rules import (
    CURRENCY,
    Line,
    Quote,
    QuoteKind,
    cancellation_timeline,
    check_dates,
    check_party,
    ensure_usable,
    policy_on,
    price_stay,
    schedule,
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
    now: datetime,
) -> Quote:
    """Price a stay as an immutable offer of 30 minutes. It holds no room: the booking does.

    Refuses: Invalid naming the field; NotFound; InstitutionNotBookable, StayBeyondCertificate; NotAvailable
    (``first_full_night``), StayTooShort.
    """
    check_dates(check_in=check_in, check_out=check_out, today=local_date(now))
    room_type = await catalog.room_type(room_type_id)
    check_party(room_type, guest_count=guest_count, unit_count=unit_count)
    async with transaction():
        certification = await certifications.ensure_bookable(
            institution_id=room_type.institution_id, check_in=check_in, check_out=check_out, now=now
        )
        nights = await inventory.stay_nights(
            room_type_id=room_type_id, check_in=check_in, check_out=check_out, unit_count=unit_count, now=now
        )
        return await issue(
            principal=principal,
            kind=QuoteKind.STAY,
            institution_id=room_type.institution_id,
            room_type_id=room_type_id,
            check_in=check_in,
            check_out=check_out,
            guest_count=guest_count,
            unit_count=unit_count,
            lines=await _stay_lines(nights, institution_id=room_type.institution_id, unit_count=unit_count, now=now),
            certification=certification,
            now=now,
        )


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
    now: datetime,
) -> Quote:
    """Store an offer with its payment schedule and cancellation terms under the policy in force today.

    For a tour, ``institution_id`` is the first institution that hosts it, and ``unit_count`` the seats.
    """
    require_transaction()
    today, total = local_date(now), total_of(lines)
    policy = policy_on(today)
    cancellation = policy.cancellation[kind]
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
        lines=tuple(lines),
        total_amount=total,
        currency=CURRENCY,
        schedule=schedule(total, check_in=check_in, today=today, policy=policy),
        cancellation_policy=cancellation,
        cancellation_timeline=cancellation_timeline(cancellation, total=total, check_in=check_in, issued_at=now),
        certification=certification,
        policy_version=policy.version,
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
) -> Quote:
    """Let one booking use a quote, once, at the price that still holds; locks the quote.

    A stay is priced again here; for a tour the caller may pass the ``lines`` of today. A refusal rolls the caller's
    transaction back, so the fresh quote that goes with it is made afterwards, in a transaction of its own. ``offer`` is
    the quote as the caller has read it: nothing of it changes but its end, and that is looked at again here.

    Refuses: NotFound, QuoteUsed, QuoteExpired, PriceChanged.
    """
    require_transaction()
    if offer is None:
        offer = await queries.quote(quote_id=quote_id, principal=principal)
    ensure_usable(offer, now=now)
    if lines is None and offer.room_type_id is not None:
        nights = await inventory.nights(
            room_type_ids=[offer.room_type_id], first=offer.check_in, end=offer.check_out, now=now
        )
        lines = await _stay_lines(
            nights[offer.room_type_id], institution_id=offer.institution_id, unit_count=offer.unit_count, now=now
        )
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


async def set_discount(  # noqa: PLR0913 - a discount is these facts, each named at the call.
    *,
    actor: audit.Actor,
    institution_id: UUID,
    nights_min: int,
    discount_bps: int,
    effective_from_on: date,
    now: datetime,
) -> None:
    """Take ``discount_bps`` off the nights of stays of at least ``nights_min`` from a day on; 0 ends it.

    Quotes made before keep their price for as long as it is the price of the day they are used on.
    """
    async with transaction():
        await execute(
            "INSERT INTO length_of_stay_discounts (institution_id, nights_min, effective_from_on, discount_bps)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT (institution_id, nights_min, effective_from_on)"
            " DO UPDATE SET discount_bps = excluded.discount_bps",
            institution_id,
            nights_min,
            effective_from_on,
            discount_bps,
        )
        after = {"nights_min": nights_min, "discount_bps": discount_bps, "effective_from_on": effective_from_on}
        await audit.record("discount.set", actor=actor, subject=institution_id, now=now, after=after)


async def _stay_lines(
    nights: Sequence[Night], *, institution_id: UUID, unit_count: int, now: datetime
) -> tuple[Line, ...]:
    discounts = await queries.discounts(institution_id=institution_id, on=local_date(now))
    return price_stay(nights, unit_count=unit_count, discounts=discounts)


async def _insert(offer: Quote, *, principal: Principal) -> None:
    columns: dict[str, Any] = msgspec.structs.asdict(offer)
    del columns["used_by_booking_id"], columns["voided_at"]
    for name in ("lines", "schedule", "cancellation_policy", "cancellation_timeline", "certification"):
        columns[name] = msgspec.json.encode(columns[name]).decode()
    columns |= {"principal_kind": principal.kind, "principal_id": principal.id}
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    await execute(f"INSERT INTO quotes ({', '.join(columns)}) VALUES ({places})", *columns.values())
