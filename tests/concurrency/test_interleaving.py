"""Everything that happens to stays and tours, at random, from several real connections at once, through the operations.

Families and a platform quote, hold, extend, pay, let lapse and cancel; late money comes in; groups set rooms aside and do
not form; the house closes nights, takes units out of service and furnishes rooms; sale stops and resumes, and the
certification is suspended and reinstated. After every meeting what is taken agrees with who it is taken for, every
fen that came in is on a booking or on its way back, and guests have their rooms.

The order in which all of this locks is written down in ``bookings.operations``: a deadlock is a failure here.
``INTERLEAVING_STEPS=10000`` runs that many transactions instead of some hundreds.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from marketplace.bookings import operations
from marketplace.bookings.rules import Contact, Guest, SeatsWanted, StayWanted
from marketplace.catalog import operations as catalog
from marketplace.certifications import operations as certifications
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import Gender, NightRange, RoomDraft
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.kit.errors import DomainError
from marketplace.payments import gateway
from marketplace.payments.rules import Leg, Method
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.meetings import CONNECTIONS, Meetings, hold_meetings
from tests.support.till import Till
from tests.support.world import World, build
from tests.tours.conftest import DRAFT, NIGHTS

TRANSACTIONS = int(os.environ.get("INTERLEAVING_STEPS", "400"))
# Two types of whole rooms and one of two beds to a room, so many rooms each; stays begin within a fortnight.
ROOMS, SHARED, DAYS = 5, 2, 14
CALLER = Contact(name="李娜", phone="+8613800138000")


class Step(msgspec.Struct, frozen=True):
    """One thing that somebody does; ``pick`` chooses among the bookings or departures made so far."""

    do: str
    room: int = 0
    first: int = 1
    length: int = 1
    guests: int = 1
    units: int = 1
    who: int = 0
    gender: Gender = Gender.FEMALE
    pick: int = 0


stays = {
    "room": st.integers(0, 2), "first": st.integers(1, DAYS), "length": st.integers(1, 6), "guests": st.integers(1, 2),
    "who": st.integers(0, 11), "gender": st.sampled_from([Gender.FEMALE, Gender.MALE]),
}  # fmt: skip
picks = {"pick": st.integers(0, 99)}
steps = st.one_of(
    st.builds(Step, st.sampled_from(["book", "book", "book", "book_and_pay"]), **stays),
    st.builds(Step, st.just("book"), **stays | {"room": st.just(SHARED)}),
    st.builds(Step, st.sampled_from(["pay", "pay", "extend", "expire", "cancel", "sweep"]), **picks),
    st.builds(Step, st.sampled_from(["pay", "cancel"]), **picks),
    st.builds(Step, st.sampled_from(["depart", "fail"]), first=st.integers(8, DAYS), **picks),
    st.builds(Step, st.just("seat"), guests=st.integers(1, 2), who=st.integers(0, 11), **picks),
    st.builds(Step, st.sampled_from(["break_", "break_", "close"]), **stays | {"length": st.integers(1, 2)}),
    st.builds(Step, st.just("sell"), **stays, units=st.sampled_from([ROOMS, ROOMS, 1])),
    st.builds(Step, st.just("mend"), **picks),
    st.builds(Step, st.sampled_from(["stop", "resume", "resume", "resume", "suspend", "furnish"]), **stays),
)


class Season(Meetings):
    """A fortnight of one institution, seen by everybody who has to do with it."""

    world: World
    till: Till
    people: Sequence[Principal]
    officer: Principal
    latest = datetime.min.replace(tzinfo=UTC)
    refusals = (DomainError,)

    @initialize()
    def open_house(self) -> None:
        # Time never goes back, or what one history has let lapse would be alive in the next.
        self.now = max(self.world.now, self.latest)
        self.booked, self.departures = list[tuple[UUID, Principal]](), list[UUID]()
        self.broken = list[tuple[UUID, UUID]]()
        self.rooms = self.wait_for(self._open_house())

    async def _open_house(self) -> list[UUID]:
        mark = os.urandom(3).hex()
        rooms = [
            await catalog.add_room_type(
                institution_id=self.world.institution_id, name=f"{n} {mark}", name_en="Room", area_m2=20,
                sold_by="bed" if n == SHARED else "room", unit_count=ROOMS * (2 if n == SHARED else 1),
                guests_max=1 if n == SHARED else 2, bed_kind="single", is_barrier_free=False,
                beds_per_room=2 if n == SHARED else 1, actor=SYSTEM, now=self.now,
            )
            for n in range(3)
        ]  # fmt: skip
        for n, room in enumerate(rooms):
            doors = [f"{mark}{n}{door}" for door in range(ROOMS)]
            drafts = [
                RoomDraft(number=f"{door}-{bed}", floor=1, has_lift=False, wing="东", in_room=door if n == SHARED else None)
                for door in doors
                for bed in range(2 if n == SHARED else 1)
            ]  # fmt: skip
            nights = [NightRange(first=self.today, end=self.day(40), unit_count=len(drafts), price_amount=20_000)]
            await inventory.set_nights(actor=SYSTEM, room_type_id=room, ranges=nights, now=self.now)
            await inventory.set_rooms(actor=SYSTEM, room_type_id=room, drafts=drafts, now=self.now)
        for put_right in (self.resume, self.reinstate):
            try:
                await put_right(Step("resume"))
            except DomainError:
                continue
        return rooms

    @rule(connection=st.integers(0, CONNECTIONS - 1), step=steps)
    def plan(self, connection: int, step: Step) -> None:
        self.plans[connection].append(step)

    @property
    def today(self) -> Any:
        return local_date(self.now)

    def day(self, n: int) -> Any:
        return self.today + timedelta(days=n)

    async def check(self) -> None:
        type(self).latest = self.now + timedelta(days=1)
        assert await operations.verify_inventory(now=self.now) == []
        await operations.assign_rooms(now=self.now)
        assert await db.fetch(_WITHOUT_A_ROOM, self.rooms, self.today) == []
        assert await db.fetch(_MONEY_ASTRAY) == []

    async def _place(self, wanted: StayWanted | SeatsWanted, guests: int, who: int) -> UUID:
        principal = self.people[who]
        offer = await operations.quote(principal=principal, wanted=wanted, now=self.now)
        booking_id = await operations.place(
            principal=principal, quote_id=offer.id, guests=[Guest(name="王秀英")] * guests, contact=CALLER,
            partner_reference=None, now=self.now,
        )  # fmt: skip
        self.booked.append((booking_id, principal))
        return booking_id

    async def book(self, step: Step) -> UUID:
        wanted = StayWanted(
            room_type_id=self.rooms[step.room], check_in=self.day(step.first), check_out=self.day(step.first + step.length),
            guest_count=step.guests, unit_count=step.guests if step.room == SHARED else 1, gender=step.gender,
        )  # fmt: skip
        return await self._place(wanted, step.guests, step.who)

    async def book_and_pay(self, step: Step) -> None:
        await self._pay(await self.book(step), self.people[step.who])

    def _booking(self, step: Step) -> tuple[UUID, Principal]:
        return self.booked[step.pick % len(self.booked)] if self.booked else (UUID(int=0), self.people[0])

    async def pay(self, step: Step) -> None:
        await self._pay(*self._booking(step))

    async def _pay(self, booking_id: UUID, principal: Principal) -> None:
        payment_id = await operations.pay(
            principal=principal, booking_id=booking_id, leg=Leg.FULL, method=Method.ALIPAY, now=self.now
        )
        # Who pays and closes the browser is found by the reconciler, perhaps when the hold has long lapsed.
        if self.till.pay(payment_id) and payment_id.int % 3:
            await operations.apply_payment(payment_id=payment_id, now=self.now)

    async def extend(self, step: Step) -> None:
        booking_id, principal = self._booking(step)
        await operations.extend_hold(principal=principal, booking_id=booking_id, now=self.now)

    async def expire(self, step: Step) -> None:
        booking_id, _ = self._booking(step)
        await operations.expire(booking_id=booking_id, now=self.now)

    async def sweep(self, _: Step) -> None:
        await operations.expire_lapsed(now=self.now)
        await operations.reconcile(now=self.now)

    async def cancel(self, step: Step) -> None:
        booking_id, principal = self._booking(step)
        offer = await operations.quote_cancellation(principal=principal, booking_id=booking_id, now=self.now)
        await operations.cancel(
            principal=principal, booking_id=booking_id, cancellation_quote_id=offer.id, now=self.now
        )

    async def depart(self, step: Step) -> None:
        draft = msgspec.structs.replace(DRAFT, name=f"团 {os.urandom(6).hex()}")
        whole = [self.rooms[0], self.rooms[1]] if step.pick % 2 else [self.rooms[1], self.rooms[0]]
        departure = DepartureDraft(
            tour_id=await tours.publish_tour(draft=draft, actor=SYSTEM, now=self.now), check_in=self.day(step.first),
            check_out=self.day(step.first + NIGHTS), price_amount=50_000, group_min_count=4, group_max_count=4,
            blocks=tuple(BlockWanted(room_type_id=room, unit_count=1) for room in whole),
        )  # fmt: skip
        self.departures.append(await tours.open_departure(draft=departure, actor=SYSTEM, now=self.now))

    def _departure(self, step: Step) -> UUID:
        return self.departures[step.pick % len(self.departures)] if self.departures else UUID(int=0)

    async def seat(self, step: Step) -> None:
        wanted = SeatsWanted(departure_id=self._departure(step), traveller_count=step.guests)
        booking_id = await self._place(wanted, step.guests, step.who)
        if step.pick % 2:
            await self._pay(booking_id, self.people[step.who])

    async def fail(self, step: Step) -> None:
        late = self.now + timedelta(days=DAYS)
        if await tours.decide_formation(departure_id=self._departure(step), now=late) == "not_formed":
            await operations.cancel_departure(departure_id=self._departure(step), now=self.now)

    async def break_(self, step: Step) -> None:
        outage = await inventory.take_out_of_service(
            actor=SYSTEM, room_type_id=self.rooms[step.room], first=self.day(step.first),
            end=self.day(step.first + step.length), unit_count=1, reason="漏水", now=self.now,
        )  # fmt: skip
        self.broken.append((self.rooms[step.room], outage.id))

    async def mend(self, step: Step) -> None:
        room, outage = self.broken[step.pick % len(self.broken)] if self.broken else (self.rooms[0], UUID(int=0))
        await inventory.return_to_service(actor=SYSTEM, room_type_id=room, outage_id=outage, now=self.now)

    async def _set(self, step: Step, **facts: Any) -> None:
        asked = [NightRange(first=self.day(step.first), end=self.day(step.first + step.length), **facts)]
        await inventory.set_nights(actor=SYSTEM, room_type_id=self.rooms[step.room], ranges=asked, now=self.now)

    async def close(self, step: Step) -> None:
        await self._set(step, closed=True)

    async def sell(self, step: Step) -> None:
        await self._set(step, unit_count=step.units * (2 if step.room == SHARED else 1), closed=False)

    async def stop(self, _: Step) -> None:
        async with db.transaction():
            await inventory.stop_sale(institution_id=self.world.institution_id)

    async def resume(self, _: Step) -> None:
        async with db.transaction():
            await inventory.resume_sale(institution_id=self.world.institution_id)

    async def suspend(self, _: Step) -> None:
        facts = {"certification_id": self.world.certification_id, "actor": self.officer, "now": self.now}
        await certifications.suspend(**facts, reason="隐患")
        await certifications.reinstate(**facts, reason="已整改")

    async def reinstate(self, _: Step) -> None:
        facts = {"certification_id": self.world.certification_id, "actor": self.officer, "now": self.now}
        await certifications.reinstate(**facts, reason="已整改")

    async def furnish(self, _: Step) -> None:
        await operations.assign_rooms(now=self.now)


_WITHOUT_A_ROOM = """
SELECT a.id FROM allocations a
 WHERE a.room_type_id = ANY ($1) AND a.expires_at IS NULL AND a.stay @> $2::date
   AND greatest(a.unit_count, a.own_count)
       <> (SELECT count(*) FROM room_assignments r WHERE r.allocation_id = a.id AND r.stay @> $2::date)
"""
# What a booking says was paid is what came in for it; what is not kept by a living booking has been asked back, once.
_MONEY_ASTRAY = """
SELECT b.id, b.status, b.paid_amount, p.captured, r.asked_back
  FROM bookings b,
       LATERAL (SELECT coalesce(sum(captured_amount), 0) AS captured FROM payments WHERE booking_id = b.id) p,
       LATERAL (SELECT coalesce(sum(amount), 0) AS asked_back FROM refunds WHERE booking_id = b.id) r
 WHERE CASE WHEN b.status IN ('confirmed', 'on_hold') THEN p.captured - r.asked_back <> b.paid_amount
            ELSE r.asked_back > p.captured OR (b.status = 'expired' AND r.asked_back <> p.captured) END
"""


async def test_whatever_people_do_at_once_nothing_is_sold_twice_and_no_money_goes_astray(committed):
    house, till = await build(), Till()
    # Every history has rooms of its own.
    await db.execute("UPDATE institutions SET licensed_bed_count = 100000")
    gateway.use(till)
    try:
        callers = [*[await house.family(f"+86138001380{n:02}") for n in range(11)], await house.partner()]
        province = await house.officer()

        class OfThisSeason(Season):
            world, officer, loop = house, province.principal, asyncio.get_running_loop()

        OfThisSeason.till, OfThisSeason.people = till, [caller.principal for caller in callers]
        await hold_meetings(OfThisSeason, transactions=TRANSACTIONS)
    finally:
        gateway.use(None)
    ended = {row["status"] for row in await db.fetch("SELECT DISTINCT status FROM bookings")}
    assert ended >= {"confirmed", "cancelled", "expired"}
