"""Whether a group forms: decided once, seven days before check-in, by the calendar alone (R08; 旅游法 63)."""

from datetime import datetime
from uuid import UUID

from marketplace.inventory import operations as inventory
from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.outbox import publish
from marketplace.tours import queries
from marketplace.tours.events import DepartureGuaranteed, DepartureNotFormed
from marketplace.tours.rules import Departure, decide
from marketplace.tours.states import DEPARTURE, Event, Status


async def decide_formation(*, departure_id: UUID, now: datetime) -> Status:
    """Decide whether a departure's group has formed, and return where it stands; repeating it changes nothing.

    Only travellers who have paid count. A group that has not formed gives its blocks back at once; whoever reacts to
    the event cancels and refunds its bookings. Before ``decide_at`` nothing is decided.

    Lock order: departure → room types. Refuses: NotFound. Publishes: departure.guaranteed or departure.not_formed.
    """
    async with transaction():
        if await fetch_one("SELECT id FROM departures WHERE id = $1 FOR NO KEY UPDATE", departure_id) is None:
            raise NotFound
        found = await queries.departure(departure_id, now=now)
        if found.status is not Status.OPEN or now < found.decide_at:
            return found.status
        decided = decide(confirmed_count=found.confirmed_count, group_min_count=found.group_min_count)
        event = Event.FORM if decided is Status.GUARANTEED else Event.FAIL
        status = DEPARTURE.target(found.status, event)
        await execute("UPDATE departures SET status = $2, decided_at = $3 WHERE id = $1", departure_id, status, now)
        if status is Status.NOT_FORMED:
            await _give_blocks_back(departure_id, now=now)
        news = DepartureGuaranteed if status is Status.GUARANTEED else DepartureNotFormed
        await publish(news(departure_id=found.id, tour_id=found.tour_id, check_in=found.check_in), now=now)
        await _record(found, status, now=now)
    return status


async def decide_due(*, now: datetime) -> int:
    """Decide every departure whose decision has fallen, and return how many; a sweep behind the staged orders."""
    rows = await fetch(
        "SELECT id FROM departures WHERE status = 'open' AND decide_at <= $1 ORDER BY decide_at, id", now
    )
    for row in rows:
        await decide_formation(departure_id=row["id"], now=now)
    return len(rows)


async def depart_due(*, now: datetime) -> int:
    """Record that guaranteed departures whose day has come have left, and return how many."""
    rows = await fetch(
        "SELECT id FROM departures WHERE status = 'guaranteed' AND check_in <= $1 ORDER BY check_in, id",
        local_date(now),
    )
    return sum([await _depart(row["id"], now=now) for row in rows])


async def _depart(departure_id: UUID, *, now: datetime) -> bool:
    async with transaction():
        await fetch_one("SELECT id FROM departures WHERE id = $1 FOR NO KEY UPDATE", departure_id)
        found = await queries.departure(departure_id, now=now)
        if not DEPARTURE.allows(found.status, Event.DEPART):
            return False
        status = DEPARTURE.target(found.status, Event.DEPART)
        await execute("UPDATE departures SET status = $2 WHERE id = $1", departure_id, status)
        await _record(found, status, now=now)
    return True


async def _give_blocks_back(departure_id: UUID, *, now: datetime) -> None:
    rows = await fetch(
        "UPDATE departure_blocks SET released_at = $2 WHERE departure_id = $1 AND released_at IS NULL"
        " RETURNING allocation_id",
        departure_id,
        now,
    )
    await inventory.release_many([row["allocation_id"] for row in rows])


async def _record(before: Departure, status: Status, *, now: datetime) -> None:
    await audit.record(
        f"departure.{status}", actor=SYSTEM, subject=before.id, now=now, before=before.status, after=status
    )
