"""Each reminder once, whatever the clock and the workers do."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.kit.db import execute, fetch_value
from marketplace.messaging import operations
from marketplace.messaging.rules import arrival_reminder, balance_reminder

CHECK_IN = date(2026, 7, 31)


def on(day: date, *, hour: int = 10) -> datetime:
    """Return an hour of a day in Jilin."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)


def before(days: int) -> date:
    return CHECK_IN - timedelta(days=days)


@pytest.mark.parametrize(
    ("days_left", "confirmed_days_before", "expected"),
    [
        (8, 60, None),
        (7, 60, "reminder_7_days"),
        (2, 60, "reminder_7_days"),
        (1, 60, "reminder_1_day"),
        (0, 60, "reminder_1_day"),
        (-1, 60, None),
        (7, 8, "reminder_7_days"),
        (7, 7, None),
        (2, 2, None),
        (1, 2, "reminder_1_day"),
        (1, 1, None),
        (0, 0, None),
    ],
)
def test_which_reminder_is_due(days_left, confirmed_days_before, expected):
    found = arrival_reminder(check_in=CHECK_IN, confirmed_on=before(confirmed_days_before), today=before(days_left))
    assert found == expected


@pytest.mark.parametrize(("days_left", "expected"), [(4, False), (3, True), (0, True), (-1, False)])
def test_when_a_balance_is_worth_a_reminder(days_left, expected):
    assert balance_reminder(due_on=CHECK_IN, today=before(days_left)) is expected


async def test_a_stay_gets_its_two_reminders_once_each_day_by_day(book, written):
    await book(check_in=CHECK_IN)
    for days_left in range(10, -2, -1):
        for hour in (9, 15, 20):
            await operations.remind(now=on(before(days_left), hour=hour))
    first, last = await written()
    assert (first.template, first.queued_at) == ("reminder_7_days", on(before(7), hour=9))
    assert (last.template, last.queued_at) == ("reminder_1_day", on(before(1), hour=9))
    assert first.to == last.to == "+8613800138000"
    assert first.text == (
        "【候鸟】长白山二道白河旅居养老中心（示例）将于7月31日接待您，请备好身份证和常用药。机构电话 +864335700001。"
    )


async def test_a_stay_booked_two_days_before_gets_only_the_last_reminder(book, written):
    await book(check_in=CHECK_IN, confirmed_at=on(before(2)))
    for days_left in (2, 1, 0):
        await operations.remind(now=on(before(days_left)))
    assert [message.template for message in await written()] == ["reminder_1_day"]


async def test_a_clock_that_jumps_over_a_reminder_sends_it_late_or_not_at_all(book, written):
    await book(check_in=CHECK_IN)
    await operations.remind(now=on(before(9)))
    await operations.remind(now=on(before(4)))
    assert [message.template for message in await written()] == ["reminder_7_days"]
    await operations.remind(now=on(CHECK_IN + timedelta(days=2)))
    assert len(await written()) == 1


async def test_the_day_is_the_day_in_jilin(book, written):
    await book(check_in=CHECK_IN)
    await operations.remind(now=on(before(7), hour=0) - timedelta(seconds=1))
    assert await written() == []
    await operations.remind(now=on(before(7), hour=0))
    assert len(await written()) == 1


@pytest.mark.parametrize("status", ["on_hold", "cancelled", "displaced", "checked_in"])
async def test_only_confirmed_stays_are_reminded_of(book, written, status):
    await book(check_in=CHECK_IN, status=status)
    assert await operations.remind(now=on(before(1))) == 0
    assert await written() == []


async def test_a_balance_is_reminded_of_once_and_not_after_it_is_paid(book, written):
    schedule = [
        {"leg": "deposit", "amount": 120_000, "due_on": before(60)},
        {"leg": "balance", "amount": 480_000, "due_on": before(30)},
    ]
    owing = await book(check_in=CHECK_IN, schedule=schedule, paid_amount=120_000)
    await book(check_in=CHECK_IN, schedule=schedule, paid_amount=600_000)
    await operations.remind(now=on(before(34)))
    assert await written() == []
    for days_left in (33, 32, 31, 30, 29):
        await operations.remind(now=on(before(days_left)))
    [message] = await written()
    assert message.template == "reminder_balance"
    assert message.text == (
        "【候鸟】长白山二道白河旅居养老中心（示例）的尾款 ¥4,800.00 请于7月1日前支付，以免影响7月31日入住。"
    )
    assert await fetch_value("SELECT dedupe FROM messages") == f"reminder_balance:{owing}:2026-07-01"


async def test_ten_workers_at_once_write_each_reminder_once(committed, book, written):
    for _ in range(3):
        await book(check_in=CHECK_IN)
    counts = await asyncio.gather(*(operations.remind(now=on(before(7))) for _ in range(10)))
    assert sum(counts) == 3
    assert len(await written()) == 3
    assert await fetch_value("SELECT count(*) FROM outbox WHERE kind = 'messages.send'") == 3
    await execute("UPDATE messages SET status = 'undeliverable'")
    assert await operations.remind(now=on(before(7))) == 0
