"""Giving out rooms in order of check-in: always possible while the counters hold, and nobody moves mid-stay."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.inventory.rules import Party, Placement, Room, give_out

DAY = date(2027, 6, 1)
NIGHTS = 24


def day(n: int) -> date:
    return DAY + timedelta(days=n)


def room(n: int, *, floor: int = 2, lift: bool = False, wing: str | None = "东") -> Room:
    return Room(id=UUID(int=n), number=f"{floor}{n:02}", floor=floor, has_lift=lift, wing=wing, position=n)


def party(
    n: int, first: int, end: int, *, rooms: int = 1, step_free: bool = False, together: int | None = None
) -> Party:
    return Party(
        allocation_id=UUID(int=n), occupant_id=UUID(int=n), first=day(first), end=day(end), room_count=rooms,
        step_free=step_free, together=None if together is None else UUID(int=together),
    )  # fmt: skip


def numbers(found, wanted: Party) -> list[int]:
    return sorted(one.room_id.int for one in (*found.placed, *found.claimed) if one.occupant_id == wanted.occupant_id)


parties = st.builds(
    lambda first, length, rooms, step_free, together, booked: (first, length, rooms, step_free, together, min(booked, first)),
    st.integers(0, NIGHTS - 1), st.integers(1, 12), st.integers(1, 3), st.booleans(), st.sampled_from([None, 1, 2]),
    st.integers(0, NIGHTS - 1),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(wishes=st.lists(parties, max_size=40), count=st.integers(1, 6), quiet=st.sets(st.integers(0, NIGHTS - 1)))
def test_whatever_is_booked_whenever_everybody_gets_a_room_and_keeps_it(wishes, count, quiet):
    """Days pass; bookings come in any order and are accepted by the counters alone; on ``quiet`` days no job runs."""
    rooms = [room(n, floor=1 + n % 3, lift=n % 2 == 0, wing="东" if n < 3 else None) for n in range(count)]
    taken = [0] * (2 * NIGHTS)
    accepted: list[tuple[int, Party]] = []
    for n, (first, length, wanted, step_free, together, booked) in enumerate(sorted(wishes, key=lambda wish: wish[5])):
        if all(taken[night] + wanted <= count for night in range(first, first + length)):
            for night in range(first, first + length):
                taken[night] += wanted
            accepted.append(
                (booked, party(n, first, first + length, rooms=wanted, step_free=step_free, together=together))
            )
    book: dict[UUID, list[Placement]] = {}
    settled: dict[UUID, set[UUID]] = {}
    for today in range(NIGHTS):
        arrives = any(wish.first == day(today) for _, wish in accepted)
        if today in quiet and not arrives:
            continue
        kept = [one for found in book.values() for one in found if one.first <= day(today) < one.end]
        known = {one.occupant_id for one in kept}
        open_ = [
            wish for booked, wish in accepted
            if booked <= today and wish.end > day(today) and wish.occupant_id not in known and wish.first <= day(today + 5)
        ]  # fmt: skip
        found = give_out(rooms, kept=kept, parties=open_, today=day(today))
        assert found.unplaced == ()
        assert found.claimed == ()
        now = {}
        for one in (*kept, *found.placed):
            now.setdefault(one.occupant_id, []).append(one)
        for wish in open_:
            assert len({one.room_id for one in now[wish.occupant_id]}) == wish.room_count
        _assert_nobody_shares((*kept, *found.placed))
        book = now
        for occupant, placements in now.items():
            if placements[0].first <= day(today):
                here = {one.room_id for one in placements}
                assert settled.setdefault(occupant, here) == here


@settings(max_examples=40, deadline=None)
@given(seed=st.randoms(use_true_random=False), count=st.integers(2, 5))
def test_a_whole_season_of_sold_out_nights_is_coloured_in_any_order_of_booking(seed, count):
    """Rooms fixed in the order of booking would lose nights; given out by check-in, none."""
    taken, accepted = [0] * 90, []
    for n in range(400):
        length = seed.choice((1, 2, 3, 7, 14, 30))
        first = seed.randrange(90 - length)
        if all(taken[night] < count for night in range(first, first + length)):
            for night in range(first, first + length):
                taken[night] += 1
            accepted.append(party(n, first, first + length))
    found = give_out([room(n) for n in range(count)], kept=[], parties=accepted, today=day(0))
    assert found.unplaced == ()
    assert len(found.placed) == len(accepted)
    _assert_nobody_shares(found.placed)


def _assert_nobody_shares(placements) -> None:
    for i, one in enumerate(placements):
        for other in placements[i + 1 :]:
            assert one.room_id != other.room_id or one.end <= other.first or other.end <= one.first


@settings(max_examples=100, deadline=None)
@given(wishes=st.lists(parties, max_size=12), count=st.integers(1, 5), pins=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 20), st.integers(1, 5)), max_size=4))  # fmt: skip
def test_a_room_promised_for_later_is_kept_and_nobody_shares(wishes, count, pins):
    rooms = [room(n) for n in range(count)]
    kept: list[Placement] = []
    for n, (number, first, length) in enumerate(pins):
        pin = Placement(room_id=UUID(int=number % count), allocation_id=UUID(int=900 + n), occupant_id=None, first=day(first), end=day(first + length))  # fmt: skip
        if not any(one.room_id == pin.room_id and one.first < pin.end and pin.first < one.end for one in kept):
            kept.append(pin)
    asked = [party(n, first, first + length, rooms=wanted) for n, (first, length, wanted, *_) in enumerate(wishes)]
    found = give_out(rooms, kept=kept, parties=asked, today=day(0))
    _assert_nobody_shares((*kept, *found.placed))
    without = {one.occupant_id for one in found.unplaced}
    assert {wish.occupant_id for wish in asked if len(numbers(found, wish)) != wish.room_count} == without
    assert [wish for wish in asked if wish.occupant_id in without and numbers(found, wish)] == []


def test_neighbouring_rooms_go_to_a_party_of_several():
    rooms = [room(1), room(2), room(3), room(4), room(5, wing="西"), room(6, wing="西")]
    kept = [Placement(room_id=UUID(int=2), allocation_id=UUID(int=99), occupant_id=None, first=day(0), end=day(9))]
    pair = party(1, 0, 5, rooms=2)
    assert numbers(give_out(rooms, kept=kept, parties=[pair], today=day(0)), pair) == [3, 4]
    trio = party(1, 0, 5, rooms=3)
    assert numbers(give_out(rooms, kept=kept, parties=[trio], today=day(0)), trio) == [1, 3, 4]


def test_a_family_that_booked_twice_lives_side_by_side():
    rooms = [room(n) for n in range(1, 7)]
    kept = [
        Placement(room_id=UUID(int=4), allocation_id=UUID(int=90), occupant_id=UUID(int=90), first=day(0), end=day(9), together=UUID(int=7))
    ]  # fmt: skip
    near, far = party(1, 0, 5, together=7), party(2, 0, 5, together=8)
    found = give_out(rooms, kept=kept, parties=[near, far], today=day(0))
    assert numbers(found, near) in ([3], [5])
    # Relatives who have left by then draw nobody near.
    later = party(3, 9, 12, together=7)
    assert numbers(give_out(rooms, kept=kept, parties=[later], today=day(0)), later) == [1]


def test_who_cannot_climb_gets_the_ground_floor_or_a_lift_and_others_leave_it_to_them():
    rooms = [room(1, floor=1), room(2, floor=3, lift=True), room(3, floor=2), room(4, floor=3)]
    able, frail = party(1, 0, 5), party(2, 0, 5, step_free=True)
    found = give_out(rooms, kept=[], parties=[able, frail], today=day(0))
    assert numbers(found, able) == [3]
    assert numbers(found, frail) in ([1], [2])
    # A wish is no condition: when only stairs are left, they still get a room.
    three = [party(n, 0, 5, step_free=True) for n in range(1, 4)]
    found = give_out(rooms, kept=[], parties=three, today=day(0))
    assert found.unplaced == ()
    assert [numbers(found, one) for one in three[:2]] == [[1], [2]]


def test_stairs_weigh_more_than_neighbours():
    rooms = [room(1, floor=1), room(2), room(3), room(4, floor=2, lift=True)]
    frail = party(1, 0, 5, rooms=2, step_free=True)
    assert numbers(give_out(rooms, kept=[], parties=[frail], today=day(0)), frail) == [1, 4]


def test_a_party_of_a_tour_takes_of_the_rooms_that_its_block_was_given():
    rooms = [room(n) for n in range(1, 6)]
    block = msgspec.structs.replace(party(50, 0, 5, rooms=3), occupant_id=None)
    found = give_out(rooms, kept=[], parties=[block], today=day(0))
    assert sorted(one.room_id.int for one in found.placed) == [1, 2, 3]
    pair = msgspec.structs.replace(party(1, 0, 5, rooms=2), allocation_id=block.allocation_id)
    single = msgspec.structs.replace(party(2, 0, 5), allocation_id=block.allocation_id)
    late = give_out(rooms, kept=found.placed, parties=[pair, single], today=day(0))
    assert late.placed == ()
    assert {one.room_id.int for one in late.claimed} == {1, 2, 3}
    assert numbers(late, pair) in ([1, 2], [2, 3])


def test_without_rooms_nobody_is_placed():
    wish = party(1, 0, 5)
    assert give_out([], kept=[], parties=[wish], today=day(0)).unplaced == (wish,)
