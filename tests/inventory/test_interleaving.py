"""Everything that inventory does, at random, from several real connections at once.

Hypothesis decides who does what in which order; the operating system decides how it interleaves. After every meeting no
counter drifts, no night is oversold, everybody in the house has a room or a bed among their own, and nobody has been told
to try again: with the lock order of ``inventory.operations`` there is no deadlock to be chosen as the victim of.

``INTERLEAVING_STEPS=10000`` runs that many transactions instead of about a thousand.
"""

import asyncio
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import HoldLapsed, NotAvailable, UnitsBelowTaken
from marketplace.inventory.rules import Gender, NightRange, RoomDraft, Wanted
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from tests.support.meetings import CONNECTIONS, Meetings, hold_meetings

# The last room type has its beds in shared rooms, two to a room.
ROOM_TYPES, UNITS, NIGHTS = 3, 3, 12
SHARED, BEDS = ROOM_TYPES - 1, 2
TRANSACTIONS = int(os.environ.get("INTERLEAVING_STEPS", "600"))


class Step(msgspec.Struct, frozen=True):
    """One transaction; ``pick`` chooses among the allocations made so far."""

    do: str
    room: int = 0
    first: int = 0
    length: int = 1
    units: int = 1
    hold_s: int | None = None
    pick: int = 0
    gender: Gender | None = None

    @property
    def beds(self) -> int:
        """The units of whole rooms."""
        return self.units * BEDS if self.room == SHARED else self.units


stays = {"room": st.integers(0, ROOM_TYPES - 1), "first": st.integers(0, NIGHTS - 1), "length": st.integers(1, 5)}
genders = st.sampled_from([Gender.FEMALE, Gender.MALE, Gender.MIXED])
steps = st.one_of(
    st.builds(
        Step,
        st.just("take"),
        **stays | {"room": st.just(SHARED)},
        units=st.integers(1, 2),
        gender=genders,
        hold_s=st.sampled_from([None, None, 10]),
    ),
    st.builds(Step, st.just("exchange"), **stays, gender=genders, pick=st.integers(0, 99)),
    st.builds(Step, st.just("take"), **stays, units=st.integers(1, 2), hold_s=st.sampled_from([None, 10, 60])),
    st.builds(Step, st.just("take"), **stays, hold_s=st.just(10)),
    st.builds(Step, st.just("block"), **stays),
    st.builds(Step, st.sampled_from(["release", "keep", "keep", "extend"]), pick=st.integers(0, 99)),
    st.builds(Step, st.just("break_"), **stays),
    st.builds(Step, st.just("mend"), pick=st.integers(0, 99)),
    st.builds(Step, st.just("sell"), **stays, units=st.sampled_from([3, 3, 2, 1, 0])),
    st.builds(Step, st.sampled_from(["close", "restrict"]), **stays),
    st.builds(Step, st.sampled_from(["stop", "resume", "resume"])),
    st.builds(Step, st.just("house"), room=st.integers(0, ROOM_TYPES - 1)),
)


class Interleaving(Meetings):
    """Everything that inventory does, done to one house."""

    inn: Any
    refusals = (NotAvailable, HoldLapsed, UnitsBelowTaken, NotFound)

    @initialize()
    def open_house(self) -> None:
        self.now = self.inn.now
        self.made, self.broken = list[UUID](), list[tuple[UUID, UUID]]()
        self.rooms: list[UUID] = self.wait_for(self._open_house())

    async def _open_house(self) -> list[UUID]:
        rooms = [await self.inn.add_room_type(units=UNITS, nights=NIGHTS) for _ in range(SHARED)]
        for n, room in enumerate(rooms):
            drafts = [
                RoomDraft(number=f"{n}{i}-{room.hex[-8:]}", floor=1 + i, has_lift=i == 2, wing="东")
                for i in range(UNITS)
            ]
            await operations.set_rooms(actor=SYSTEM, room_type_id=room, drafts=drafts, now=self.now)
        rooms.append(await self.inn.add_shared(rooms=UNITS, beds=BEDS, nights=NIGHTS))
        await self.resume(Step("resume"))
        return rooms

    @rule(connection=st.integers(0, CONNECTIONS - 1), step=steps)
    def plan(self, connection: int, step: Step) -> None:
        self.plans[connection].append(step)

    async def check(self) -> None:
        assert [drift for drift in await queries.verify() if drift.room_type_id in self.rooms] == []
        oversold = "SELECT count(*) FROM room_nights n JOIN room_types t ON t.id = room_type_id WHERE taken_count > n.unit_count OR n.unit_count > t.unit_count"
        assert await db.fetch_value(oversold) == 0
        for room in range(ROOM_TYPES):
            await self.house(Step("house", room=room))
        await self._everybody_has_a_room()

    async def _everybody_has_a_room(self) -> None:
        today = local_date(self.now)
        without = await db.fetch(
            "SELECT a.id FROM allocations a WHERE a.room_type_id = ANY($1) AND a.expires_at IS NULL AND a.stay @> $2::date"
            " AND greatest(a.unit_count, a.own_count) <> (SELECT count(*) FROM room_assignments r WHERE r.allocation_id = a.id AND r.stay @> $2::date)",
            self.rooms,
            today,
        )
        assert [row["id"] for row in without] == []

    async def take(self, step: Step) -> None:
        async with db.transaction():
            taken = await operations.take(
                room_type_id=self.rooms[step.room], check_in=self.inn.day(step.first),
                check_out=self.inn.day(step.first + step.length), unit_count=step.units, kind="booking", owner_id=new_id(),
                expires_at=None if step.hold_s is None else self.now + timedelta(seconds=step.hold_s), gender=step.gender,
                now=self.now,
            )  # fmt: skip
        self.made.append(taken)

    async def block(self, step: Step) -> None:
        wanted = [
            Wanted(
                room_type_id=room, check_in=self.inn.day(step.first), check_out=self.inn.day(step.first + step.length),
                unit_count=1, kind="block", owner_id=new_id(),
            )
            for room in (self.rooms if step.room else reversed(self.rooms))
        ]  # fmt: skip
        async with db.transaction():
            self.made += await operations.take_many(wanted, now=self.now)

    def _picked(self, step: Step) -> UUID:
        return self.made[step.pick % len(self.made)] if self.made else UUID(int=0)

    async def release(self, step: Step) -> None:
        async with db.transaction():
            await operations.release(allocation_id=self._picked(step))

    async def exchange(self, step: Step) -> None:
        wanted = Wanted(
            room_type_id=self.rooms[step.room], check_in=self.inn.day(step.first),
            check_out=self.inn.day(step.first + step.length), unit_count=1, kind="booking", owner_id=new_id(),
            gender=step.gender,
        )  # fmt: skip
        async with db.transaction():
            taken = await operations.exchange(allocation_id=self._picked(step), wanted=wanted, now=self.now)
        self.made.append(taken)

    async def keep(self, step: Step) -> None:
        async with db.transaction():
            await operations.keep(allocation_id=self._picked(step))

    async def extend(self, step: Step) -> None:
        async with db.transaction():
            until = self.now + timedelta(seconds=90)
            await operations.extend(allocation_id=self._picked(step), expires_at=until, now=self.now)

    async def break_(self, step: Step) -> None:
        first = max(self.inn.day(step.first), local_date(self.now))
        outage = await operations.take_out_of_service(
            actor=SYSTEM, room_type_id=self.rooms[step.room], first=first, end=first + timedelta(days=step.length),
            unit_count=1, reason="漏水", now=self.now,
        )  # fmt: skip
        self.broken.append((self.rooms[step.room], outage.id))

    async def mend(self, step: Step) -> None:
        room, outage = self.broken[step.pick % len(self.broken)] if self.broken else (self.rooms[0], UUID(int=0))
        await operations.return_to_service(actor=SYSTEM, room_type_id=room, outage_id=outage, now=self.now)

    async def _set(self, step: Step, **facts: Any) -> None:
        first, end = max(self.inn.day(step.first), local_date(self.now)), self.inn.day(NIGHTS)
        end = min(end, first + timedelta(days=step.length))
        if first < end:
            asked = [NightRange(first=first, end=end, **facts)]
            await operations.set_nights(actor=SYSTEM, room_type_id=self.rooms[step.room], ranges=asked, now=self.now)

    async def sell(self, step: Step) -> None:
        await self._set(step, unit_count=step.beds, closed=False, closed_to_arrival=False)

    async def close(self, step: Step) -> None:
        await self._set(step, closed=True)

    async def restrict(self, step: Step) -> None:
        await self._set(step, min_stay_count=1 + step.length % 2, closed_to_arrival=step.length == 5)

    async def stop(self, _: Step) -> None:
        async with db.transaction():
            await operations.stop_sale(institution_id=self.inn.id)

    async def resume(self, _: Step) -> None:
        async with db.transaction():
            await operations.resume_sale(institution_id=self.inn.id)

    async def house(self, step: Step) -> None:
        async with db.transaction():
            found = await operations.assign_rooms(room_type_id=self.rooms[step.room], wishes=[], now=self.now)
        assert found.unplaced == ()


async def test_whatever_happens_at_once_the_counters_are_true_and_everybody_has_a_room(committed_house):
    class OfThisHouse(Interleaving):
        inn, loop = committed_house, asyncio.get_running_loop()

    await hold_meetings(OfThisHouse, transactions=TRANSACTIONS)
    taken = await db.fetch("SELECT kind, count(*) AS count FROM allocations GROUP BY kind ORDER BY kind")
    assert [row["kind"] for row in taken] == ["block", "booking", "out_of_service"]
    assert await db.fetch_value("SELECT count(*) FROM room_assignments") > 0
