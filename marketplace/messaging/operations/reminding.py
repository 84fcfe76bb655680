"""Reminding families of arrivals and of balances: looked for again and again, said once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.bookings import queries as bookings
from marketplace.kit.clock import local_date
from marketplace.messaging import queries
from marketplace.messaging.operations.telling_guests import facts_of
from marketplace.messaging.operations.writing import write
from marketplace.messaging.rules import (
    BALANCE_DAYS_BEFORE,
    FIRST_DAYS_BEFORE,
    Fact,
    arrival_reminder,
    balance_reminder,
)


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder of today, whether or not it has been written."""

    template: str
    booking_id: UUID
    day: date
    facts: dict[str, Fact] = {}

    @property
    def dedupe(self) -> str:
        return f"{self.template}:{self.booking_id}:{self.day}"


async def remind(*, now: datetime) -> int:
    """Write the reminders of today that have not been written; returns how many.

    Two runs at once, or a clock that jumped, change nothing: each reminder has one name, and names are unique.
    Publishes: messages.send.
    """
    today = local_date(now)
    due = [*await _arrivals(today), *await _balances(today)]
    return sum([await _write(reminder, now=now) for reminder in await _unwritten(due)])


async def _arrivals(today: date) -> list[_Due]:
    days = [today + timedelta(days=ahead) for ahead in range(FIRST_DAYS_BEFORE + 1)]
    found = []
    for arrival in await bookings.checking_in_on(days):
        confirmed_on = local_date(arrival.confirmed_at)
        template = arrival_reminder(check_in=arrival.check_in, confirmed_on=confirmed_on, today=today)
        if template is not None:
            found.append(_Due(template=template, booking_id=arrival.booking_id, day=arrival.check_in))
    return found


async def _balances(today: date) -> list[_Due]:
    last = today + timedelta(days=BALANCE_DAYS_BEFORE)
    return [
        _Due(
            template="reminder_balance",
            booking_id=balance.booking_id,
            day=balance.due_on,
            facts={"amount": balance.amount, "due_on": balance.due_on},
        )
        for balance in await bookings.balances_due(first=today, last=last)
        if balance_reminder(due_on=balance.due_on, today=today)
    ]


async def _unwritten(due: Sequence[_Due]) -> list[_Due]:
    written = await queries.written([reminder.dedupe for reminder in due])
    return [reminder for reminder in due if reminder.dedupe not in written]


async def _write(reminder: _Due, *, now: datetime) -> bool:
    notice = await bookings.notice(booking_id=reminder.booking_id)
    message_id = await write(
        template=reminder.template,
        to=notice.contact.phone,
        facts={**facts_of(notice), **reminder.facts},
        dedupe=reminder.dedupe,
        now=now,
    )
    return message_id is not None
