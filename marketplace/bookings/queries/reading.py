"""Reads of bookings. Every read for a person takes the principal and adds whose bookings it may see."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from marketplace.bookings.rules import Contact, Guest, opens_on, payable, prefers_step_free
from marketplace.bookings.states import Status
from marketplace.certifications import queries as certifications
from marketplace.certifications.queries.policies import policy_in, policy_of
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.identity.rules import Kind, Principal
from marketplace.inventory import queries as inventory
from marketplace.inventory.rules import Drift, Gender, Room, Wish
from marketplace.kit.clock import local_date
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.payments import queries as payments
from marketplace.payments.queries import PaymentRow, RefundRow
from marketplace.pricing.rules import Leg, Line


class BookingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A booking with what its reader needs beside it; ``contact`` and ``guests`` are opened personal data."""

    id: UUID
    kind: str
    status: Status
    partner_reference: str | None
    quote_id: UUID
    institution_id: UUID
    institution_name: str
    room_type_id: UUID | None
    room_type_name: str | None
    departure_id: UUID | None
    check_in: date
    check_out: date
    guest_count: int
    unit_count: int
    gender: Gender | None
    total_amount: int
    paid_amount: int
    currency: str
    lines: list[Line]
    schedule: list[Leg]
    contact: Contact
    guests: list[Guest]
    hold_expires_at: datetime | None
    acknowledged_at: datetime | None
    checked_in_at: datetime | None
    ended_at: datetime | None
    ending_reason: str | None
    placed_at: datetime
    free_cancel_from_at: datetime | None
    free_cancel_until_at: datetime | None
    certification: CertificationSnapshot | None
    payments: list[PaymentRow]
    refunds: list[RefundRow]
    rooms: list[Room]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed booking about to begin, as reminders and the front desk need it."""

    booking_id: UUID
    check_in: date
    confirmed_at: datetime


class BalanceDue(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed booking whose next leg, in fen, falls due."""

    booking_id: UUID
    amount: int
    due_on: date


class DueByLink(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever has a booking's link may pay, and all that they learn of it."""

    booking_id: UUID
    leg: str | None = None
    amount: int = 0
    due_on: date | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a message about a booking may mention; ``contact`` is opened personal data."""

    booking_id: UUID
    status: Status
    institution_id: UUID
    institution_name: str
    institution_phone: str | None
    check_in: date
    check_out: date
    guest_count: int
    confirmed_at: datetime | None
    decision_id: UUID | None
    contact: Contact


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What revoking a certification would do: bookings, elders in house, money in fen."""

    on_hold_count: int
    confirmed_count: int
    in_house_guest_count: int
    refund_amount: int


_SELECT = (
    "SELECT b.id, b.kind, b.status, b.partner_reference, b.quote_id, b.institution_id, i.name AS institution_name,"
    " b.room_type_id, r.name AS room_type_name, b.departure_id, b.check_in, b.check_out, b.guest_count, b.unit_count,"
    " q.party ->> 'gender' AS gender, b.total_amount, b.paid_amount, b.currency, q.lines || coalesce((SELECT jsonb_agg(line ORDER BY c.id, place)"
    "   FROM booking_charges c, jsonb_array_elements(c.lines) WITH ORDINALITY AS given (line, place)"
    "  WHERE c.booking_id = b.id AND c.status = 'paid'), '[]') AS lines, b.schedule, b.contact, b.guests, b.hold_expires_at,"
    " b.acknowledged_at, b.checked_in_at, b.ended_at, b.ending_reason, b.placed_at, b.free_cancel_from_at, b.free_cancel_until_at,"
    " EXISTS (SELECT FROM payments p WHERE p.booking_id = b.id) AS has_payments,"
    f" {certifications.standing_of('b.institution_id')} AS standing, {policy_of('$day')} AS policy"
    " FROM bookings b JOIN quotes q ON q.id = b.quote_id JOIN institutions i ON i.id = b.institution_id LEFT JOIN room_types r ON r.id = b.room_type_id"
)
# What a record takes over as it was read; the rest is made of it.
_OWN = frozenset(BookingRecord.__struct_fields__) - {"certification", "payments", "refunds", "rooms"}
# Institutions see a booking from its confirmation on; before that it is the guest's affair (R24).
SCOPE = (
    "(($1 IN ('family', 'partner') AND b.owner_kind = $1 AND b.owner_id = $2)"
    " OR ($1 = 'institution' AND b.institution_id = $3"
    "     AND b.status IN ('confirmed', 'checked_in', 'completed', 'displaced')))"
)


async def booking(*, principal: Principal, booking_id: UUID, now: datetime) -> BookingRecord:
    """Return one booking of the principal's. Refuses: NotFound."""
    row = await fetch_one(
        f"{_select('$5')} WHERE {SCOPE} AND b.id = $4",
        principal.kind,
        principal.id,
        principal.institution_id,
        booking_id,
        local_date(now),
    )
    if row is None:
        raise NotFound
    return (await _records([row], principal=principal, now=now))[0]


async def bookings(
    *,
    principal: Principal,
    status: Status | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> list[BookingRecord]:
    """List the principal's bookings, the newest first, one more than ``limit`` when there are more."""
    rows = await fetch(
        f"{_select('$8')} WHERE {SCOPE} AND ($4::text IS NULL OR b.status = $4)"
        " AND ($5::timestamptz IS NULL OR (b.placed_at, b.id) < ($5, $6::uuid))"
        " ORDER BY b.placed_at DESC, b.id DESC LIMIT $7",
        principal.kind,
        principal.id,
        principal.institution_id,
        status.value if status else None,
        after[0] if after else None,
        after[1] if after else None,
        limit + 1,
        local_date(now),
    )
    return await _records(rows, principal=principal, now=now)


async def arrivals(*, principal: Principal, first: date, last: date, now: datetime) -> list[BookingRecord]:
    """List an institution's confirmed bookings that begin from ``first`` to ``last``, in order of arrival."""
    rows = await fetch(
        f"{_select('$6')} WHERE {SCOPE} AND b.status = 'confirmed' AND b.check_in BETWEEN $4 AND $5"
        " ORDER BY b.check_in, b.id LIMIT 500",
        principal.kind,
        principal.id,
        principal.institution_id,
        first,
        last,
        local_date(now),
    )
    return await _records(rows, principal=principal, now=now)


async def notice(*, booking_id: UUID) -> Notice:
    """Return what people are told of a booking. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT b.id AS booking_id, b.status, b.institution_id, i.name AS institution_name,"
        " i.phone AS institution_phone, b.check_in, b.check_out, b.guest_count, b.first_paid_at AS confirmed_at,"
        " b.decision_id, b.contact FROM bookings b JOIN institutions i ON i.id = b.institution_id WHERE b.id = $1",
        booking_id,
    )
    if row is None:
        raise NotFound
    return Notice(**{**dict(row), "status": Status(row["status"]), "contact": _contact(booking_id, row["contact"])})


async def checking_in_on(days: Sequence[date]) -> list[Arrival]:
    """List the confirmed bookings that begin on one of ``days``."""
    rows = await fetch(
        "SELECT id AS booking_id, check_in, first_paid_at AS confirmed_at FROM bookings"
        " WHERE status = 'confirmed' AND check_in = ANY($1) ORDER BY check_in, id",
        list(days),
    )
    return [Arrival(**dict(row)) for row in rows]


async def balances_due(*, first: date, last: date) -> list[BalanceDue]:
    """List the confirmed bookings and stays whose next leg to pay falls due from ``first`` to ``last``, the most urgent first."""
    rows = await fetch(
        "SELECT id, schedule, paid_amount FROM bookings WHERE status IN ('confirmed', 'checked_in')"
        " AND paid_amount < total_amount"
        " AND EXISTS (SELECT FROM jsonb_array_elements(schedule) leg WHERE (leg->>'due_on')::date BETWEEN $1 AND $2)",
        first,
        last,
    )
    found = []
    for row in rows:
        due = payable(msgspec.json.decode(row["schedule"], type=list[Leg]), paid_amount=row["paid_amount"])
        if due is not None and first <= due.leg.due_on <= last:
            found.append(BalanceDue(booking_id=row["id"], amount=due.left_amount, due_on=due.leg.due_on))
    return sorted(found, key=lambda balance: (balance.due_on, balance.booking_id))


async def pay_link(*, booking_id: UUID) -> str | None:
    """Return the code of a booking's link to pay, or None before the first reminder."""
    code: str | None = await fetch_value("SELECT code FROM pay_links WHERE booking_id = $1", booking_id)
    return code


async def due_by_link(*, code: str, now: datetime) -> DueByLink:
    """Return what can be paid through a link; ``leg`` is None when nothing can. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT b.id, b.status, b.schedule, b.paid_amount, c.kind, c.amount, c.due_at"
        " FROM pay_links l JOIN bookings b ON b.id = l.booking_id"
        " LEFT JOIN booking_charges c ON c.booking_id = b.id AND c.status = 'open' AND c.due_at > $2"
        " WHERE l.code = $1 ORDER BY c.due_at LIMIT 1",
        code,
        now,
    )
    if row is None:
        raise NotFound
    if row["kind"] is not None:
        return DueByLink(booking_id=row["id"], leg=row["kind"], amount=row["amount"], due_on=local_date(row["due_at"]))
    due = payable(msgspec.json.decode(row["schedule"], type=list[Leg]), paid_amount=row["paid_amount"])
    if due is None or row["status"] not in ("confirmed", "checked_in") or local_date(now) < opens_on(due.leg):
        return DueByLink(booking_id=row["id"])
    return DueByLink(booking_id=row["id"], leg=due.leg.leg, amount=due.left_amount, due_on=due.leg.due_on)


async def unfinished_of_departure(departure_id: UUID) -> list[UUID]:
    """List the bookings of a departure that still hold seats."""
    rows = await fetch(
        "SELECT id FROM bookings WHERE departure_id = $1 AND status IN ('on_hold', 'confirmed') ORDER BY id",
        departure_id,
    )
    return [row["id"] for row in rows]


async def displaced() -> list[UUID]:
    """List the displaced bookings whose refund is still owed, the oldest first."""
    return [
        row["id"] for row in await fetch("SELECT id FROM bookings WHERE status = 'displaced' ORDER BY id LIMIT 500")
    ]


async def room_wishes(*, room_type_id: UUID, first: date, last: date) -> list[Wish]:
    """List what the paid parties would like that have rooms of this type from ``first``, or from a day up to ``last``.

    Guests of a tour live in the units of its block.
    """
    rows = await fetch(_ROOM_WISHES, room_type_id, first, last)
    return [
        Wish(
            allocation_id=row["allocation_id"],
            occupant_id=row["id"],
            room_count=row["unit_count"],
            step_free=prefers_step_free(_guests(row["id"], row["guests"]), year=first.year),
            together=row["owner_id"] if row["owner_kind"] == Kind.FAMILY else None,
        )
        for row in rows
    ]


_ROOM_WISHES = """
SELECT b.id, b.allocation_id, b.unit_count, b.guests, b.owner_kind, b.owner_id
  FROM bookings b
 WHERE b.room_type_id = $1 AND b.allocation_id IS NOT NULL AND b.status IN ('confirmed', 'checked_in')
   AND b.check_in <= $3 AND b.check_out > $2
 UNION ALL
SELECT b.id, k.allocation_id, s.unit_count, b.guests, b.owner_kind, b.owner_id
  FROM departure_blocks k
  JOIN departure_seats s ON s.block_id = k.id AND NOT s.is_released
  JOIN bookings b ON b.seat_id = s.id AND b.departure_id = k.departure_id AND b.status IN ('confirmed', 'checked_in')
 WHERE k.room_type_id = $1 AND k.released_at IS NULL AND b.check_in <= $3 AND b.check_out > $2
 ORDER BY id
"""


async def verify_allocations(*, now: datetime) -> list[Drift]:
    """Compare what bookings should hold with what is set aside for them and name what differs; empty is good.

    Holds that are about to lapse are left out: somebody else may take their nights while this runs.
    """
    return [Drift(**dict(row)) for row in await fetch(_BOOKING_DRIFT, now + timedelta(minutes=1))]


_BOOKING_DRIFT = """
SELECT b.room_type_id, b.check_in AS night, 'booking' AS fact, b.unit_count AS expected,
       coalesce(a.unit_count, 0)::int AS found
  FROM bookings b
  LEFT JOIN allocations a ON a.id = b.allocation_id AND a.owner_id = b.id AND a.kind = 'booking'
        AND a.room_type_id = b.room_type_id AND a.stay = daterange(b.check_in, b.check_out)
        AND a.expires_at IS NOT DISTINCT FROM CASE WHEN b.status = 'on_hold' THEN b.hold_expires_at END
 WHERE b.kind = 'stay' AND coalesce(a.unit_count, 0) <> b.unit_count
   AND (b.status IN ('confirmed', 'checked_in', 'displaced') OR (b.status = 'on_hold' AND b.hold_expires_at > $1))
 UNION ALL
SELECT a.room_type_id, lower(a.stay), 'booking', 0, a.unit_count
  FROM allocations a
 WHERE a.kind = 'booking' AND (a.expires_at IS NULL OR a.expires_at > $1)
   AND NOT EXISTS (SELECT FROM bookings b WHERE b.id = a.owner_id AND b.allocation_id = a.id
                      AND b.status IN ('on_hold', 'confirmed', 'checked_in', 'completed', 'displaced'))
   AND NOT EXISTS (SELECT FROM booking_charges c WHERE c.id = a.owner_id AND c.allocation_id = a.id AND c.status = 'open')
 ORDER BY 1, 2
"""


async def impact(*, institution_id: UUID) -> Impact:
    """Count what a revocation of this institution's certification would do now."""
    row = await fetch_one(
        "SELECT count(*) FILTER (WHERE status = 'on_hold') AS on_hold_count,"
        " count(*) FILTER (WHERE status = 'confirmed') AS confirmed_count,"
        " coalesce(sum(guest_count) FILTER (WHERE status = 'checked_in'), 0)::int AS in_house_guest_count,"
        " coalesce(sum(paid_amount) FILTER (WHERE status = 'confirmed'), 0)::bigint AS refund_amount"
        " FROM bookings WHERE institution_id = $1 AND status IN ('on_hold', 'confirmed', 'checked_in')",
        institution_id,
    )
    return Impact(**dict(row or {}))


def _select(day: str) -> str:
    """Write the statement with the placeholder of the day on which it is asked."""
    return _SELECT.replace("$day", day)


async def _records(rows: Sequence[Any], *, principal: Principal, now: datetime) -> list[BookingRecord]:
    # Most bookings that are read have just been made; nothing is asked about payments that cannot be there.
    ids = [row["id"] for row in rows if row["has_payments"]]
    paid = await payments.payments_of(ids) if ids else {}
    refunded = await payments.refunds_of(ids) if ids else {}
    # Which room it will be may change until check-in, so only the house is told.
    rooms = await inventory.rooms_of([row["id"] for row in rows]) if principal.kind == Kind.INSTITUTION else {}
    return [
        BookingRecord(
            **{
                **{name: row[name] for name in _OWN},
                "status": Status(row["status"]),
                "gender": Gender(row["gender"]) if row["gender"] else None,
                "lines": msgspec.json.decode(row["lines"], type=list[Line]),
                "schedule": msgspec.json.decode(row["schedule"], type=list[Leg]),
                "contact": _contact(row["id"], row["contact"]),
                "guests": _guests(row["id"], row["guests"]),
                "certification": certifications.snapshot_in(row["standing"], policy=policy_in(row["policy"]), now=now),
                "payments": paid.get(row["id"], []),
                "refunds": refunded.get(row["id"], []),
                "rooms": rooms.get(row["id"], []),
            }
        )
        for row in rows
    ]


def _contact(booking_id: UUID, sealed: bytes) -> Contact:
    return msgspec.convert(vault().open(sealed, table="bookings", column="contact", row=booking_id), Contact)


def _guests(booking_id: UUID, sealed: bytes) -> list[Guest]:
    return msgspec.convert(vault().open(sealed, table="bookings", column="guests", row=booking_id), list[Guest])
