"""Random histories: the counters agree with a model at every step, and with the allocations whatever runs at once."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import HoldLapsed, NotAvailable, UnitsBelowTaken
from marketplace.inventory.rules import NightRange
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id

NIGHTS, UNITS = 4, 2
REFUSALS = (NotAvailable, HoldLapsed, UnitsBelowTaken)


class Step(msgspec.Struct, frozen=True):
    """One thing to do. ``pick`` chooses among the allocations made so far."""

    do: str
    room: int = 0
    first: int = 0
    length: int = 1
    units: int = 1
    hold_s: int | None = None
    pick: int = 0
    closed: bool | None = None


nights = {"first": st.integers(0, NIGHTS - 1), "length": st.integers(1, 3)}
rooms, picks = st.integers(0, 1), st.integers(0, 99)
steps = st.one_of(
    st.builds(Step, st.just("take"), room=rooms, **nights, units=st.integers(1, 2), hold_s=st.sampled_from([None, 10, 60])),
    st.builds(Step, st.just("take"), room=rooms, **nights, units=st.just(1), hold_s=st.just(10)),
    st.builds(Step, st.sampled_from(["release", "keep", "extend"]), pick=picks),
    st.builds(Step, st.just("sell"), room=rooms, **nights, units=st.sampled_from([2, 2, 1, 0]), closed=st.sampled_from([None, None, False, True])),
    st.builds(Step, st.sampled_from(["stop", "resume", "resume", "wait", "wait", "wait"])),
)  # fmt: skip


class Held(msgspec.Struct):
    """An allocation in the model."""

    room: int
    first: int
    end: int
    units: int
    expires_at: datetime | None


class Model:
    """What inventory promises, in plain Python."""

    def __init__(self, now: datetime) -> None:
        self.now, self.stopped = now, False
        self.units = [[UNITS] * NIGHTS, [UNITS] * NIGHTS]
        self.closed = [[False] * NIGHTS, [False] * NIGHTS]
        self.held: dict[UUID, Held] = {}

    def taken(self, room: int, night: int) -> int:
        return sum(one.units for one in self.held.values() if one.room == room and one.first <= night < one.end)

    def full(self, room: int, night: int) -> bool:
        return night < NIGHTS and (self.closed[room][night] or self.taken(room, night) >= self.units[room][night])

    def lapsed(self, room: int) -> list[UUID]:
        return [i for i, one in self.held.items() if one.room == room and one.expires_at and one.expires_at <= self.now]

    def reclaim(self, room: int) -> None:
        for i in self.lapsed(room):
            del self.held[i]

    def first_refused(self, step: Step) -> int | None:
        """Return the first night that a stay cannot have, or None, as the code documents it."""
        stay = range(step.first, step.first + step.length)
        in_the_way = [self.held[i] for i in self.lapsed(step.room)]
        locks = not any(self.full(step.room, night) for night in stay) or any(
            one.first < stay.stop and stay.start < one.end for one in in_the_way
        )
        if not self.stopped and locks:
            self.reclaim(step.room)
        for night in stay:
            if night >= NIGHTS or self.closed[step.room][night]:
                return night
            if self.taken(step.room, night) + step.units > self.units[step.room][night]:
                return night
        return step.first if self.stopped else None


class Walk:
    """Does steps for real; ``check`` holds the model beside them."""

    def __init__(self, house, rooms: list[UUID]) -> None:
        self.house, self.rooms, self.made = house, rooms, list[UUID]()
        self.model = Model(house.now)

    def day(self, n: int) -> date:
        return self.house.day(n)

    async def do(self, step: Step) -> object:
        """Do one step; returns what came of it, or the refusal."""
        try:
            async with db.transaction():
                return await getattr(self, f"_{step.do}")(step)
        except REFUSALS as refusal:
            return refusal

    async def _take(self, step: Step) -> UUID:
        hold_until = None if step.hold_s is None else self.model.now + timedelta(seconds=step.hold_s)
        allocation_id = await operations.take(
            room_type_id=self.rooms[step.room], check_in=self.day(step.first), check_out=self.day(step.first + step.length),
            unit_count=step.units, kind="booking", owner_id=new_id(), expires_at=hold_until, now=self.model.now,
        )  # fmt: skip
        self.made.append(allocation_id)
        return allocation_id

    def picked(self, step: Step) -> UUID:
        return self.made[step.pick % len(self.made)] if self.made else UUID(int=0)

    async def _release(self, step: Step) -> bool:
        return await operations.release(allocation_id=self.picked(step))

    async def _keep(self, step: Step) -> bool:
        return await operations.keep(allocation_id=self.picked(step))

    async def _extend(self, step: Step) -> None:
        until = self.model.now + timedelta(seconds=90)
        await operations.extend(allocation_id=self.picked(step), expires_at=until, now=self.model.now)

    async def _sell(self, step: Step) -> int:
        end = min(step.first + step.length, NIGHTS)
        asked = NightRange(first=self.day(step.first), end=self.day(end), unit_count=step.units, closed=step.closed)
        return await operations.set_nights(
            actor=SYSTEM, room_type_id=self.rooms[step.room], ranges=[asked], now=self.model.now
        )

    async def _stop(self, _: Step) -> None:
        await operations.stop_sale(institution_id=self.house.id)

    async def _resume(self, _: Step) -> None:
        await operations.resume_sale(institution_id=self.house.id)

    async def _wait(self, _: Step) -> None:
        self.model.now += timedelta(seconds=30)

    def check(self, step: Step, came: object) -> None:
        """Move the model by one step and compare what came of it."""
        model = self.model
        one = model.held.get(self.picked(step)) if step.do in ("release", "keep", "extend") else None
        match step.do:
            case "take":
                before = dict(model.held)
                refused = model.first_refused(step)
                if refused is not None:
                    # A refusal rolls its transaction back, and with it the tidying.
                    model.held = before
                    assert isinstance(came, NotAvailable)
                    assert came.facts["first_full_night"] == self.day(refused)
                    return
                assert isinstance(came, UUID)
                hold_until = None if step.hold_s is None else model.now + timedelta(seconds=step.hold_s)
                model.held[came] = Held(step.room, step.first, step.first + step.length, step.units, hold_until)
            case "release":
                assert came is (one is not None)
                model.held.pop(self.picked(step), None)
            case "keep":
                assert came is (one is not None)
                if one:
                    one.expires_at = None
            case "extend":
                alive = one is not None and one.expires_at is not None and one.expires_at > model.now
                assert isinstance(came, HoldLapsed) is not alive
                if one and alive:
                    one.expires_at = model.now + timedelta(seconds=90)
            case "sell":
                self._check_sell(step, came)
            case "stop" | "resume":
                model.stopped = step.do == "stop"

    def _check_sell(self, step: Step, came: object) -> None:
        model, span = self.model, range(step.first, min(step.first + step.length, NIGHTS))
        before = dict(model.held)
        model.reclaim(step.room)
        if any(model.taken(step.room, night) > step.units for night in span):
            assert isinstance(came, UnitsBelowTaken)
            model.held = before
            return
        assert came == len(span)
        for night in span:
            model.units[step.room][night] = step.units
            if step.closed is not None:
                model.closed[step.room][night] = step.closed

    async def compare(self) -> None:
        """Compare every counter and everything a guest would be shown with the model."""
        model = self.model
        shown = await queries.nights(room_type_ids=self.rooms, first=self.day(0), end=self.day(NIGHTS), now=model.now)
        for room, room_type_id in enumerate(self.rooms):
            assert await self.house.taken(room_type_id, 0, NIGHTS) == [
                model.taken(room, night) for night in range(NIGHTS)
            ]
            lapsed = {i: model.held.pop(i) for i in model.lapsed(room)}
            assert [night.available_count for night in shown[room_type_id]] == [
                0 if model.stopped or model.closed[room][n] else model.units[room][n] - model.taken(room, n)
                for n in range(NIGHTS)
            ]
            model.held |= lapsed
        assert await queries.verify() == []


async def start(house) -> Walk:
    rooms = [await house.add_room_type(units=UNITS, nights=NIGHTS) for _ in range(2)]
    async with db.transaction():
        await operations.resume_sale(institution_id=house.id)
    return Walk(house, rooms)


SHARED = HealthCheck.function_scoped_fixture  # Every example makes room types of its own in the shared database.


@settings(max_examples=12, deadline=None, suppress_health_check=[SHARED])
@given(history=st.lists(steps, min_size=10, max_size=30))
async def test_every_step_of_any_history_does_what_the_model_does(house, history):
    walk = await start(house)
    for step in history:
        walk.check(step, await walk.do(step))
        await walk.compare()


# Which of two steps comes first is for the operating system to say, so a failing history cannot be made smaller.
@settings(max_examples=10, deadline=None, suppress_health_check=[SHARED], phases=[Phase.generate])
@given(rounds=st.lists(st.lists(steps, min_size=4, max_size=4), min_size=3, max_size=8))
async def test_whatever_runs_at_once_no_counter_drifts_and_nobody_deadlocks(committed_house, rounds):
    walk = await start(committed_house)
    for at_once in rounds:
        results = await asyncio.gather(*(walk.do(step) for step in at_once), return_exceptions=True)
        assert [one for one in results if isinstance(one, BaseException) and not isinstance(one, REFUSALS)] == []
        assert await queries.verify() == []
