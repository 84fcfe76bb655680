"""The feed of the register: commit order, no gap, tombstones, never an error for nothing; it yields the register."""

import asyncio

from marketplace.certifications import operations as certifications
from marketplace.kit import db
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import wire
from tests.certifications.conftest import NOW
from tests.credentials.test_credentials import revoke


async def read(client, cursor: str | None = None, *, limit: int = 100) -> tuple[list[dict], str]:
    """Read the feed to its end, in pages."""
    items: list[dict] = []
    while True:
        params = {"limit": limit} | ({"after": cursor} if cursor else {})
        answer = await client.get("/v1/changes", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return items, cursor


def kept(items: list[dict], into: dict | None = None) -> dict:
    """What a mirror holds after reading these."""
    mirror = dict(into or {})
    for item in items:
        if item["type"] == "tombstone":
            mirror.pop(item["institution_id"], None)
        else:
            mirror[item["institution_id"]] = item["record"]
    return mirror


async def test_an_empty_window_is_no_error_and_keeps_its_cursor(committed, client, certify, at_now) -> None:
    nothing, start = await read(client)
    assert nothing == []
    again, same = await read(client, start)
    assert (again, same) == ([], start)

    await certify()
    items, end = await read(client, start)
    assert [item["type"] for item in items] == ["record"]
    assert await read(client, end) == ([], end)


async def test_what_is_decided_is_in_the_change_that_it_made(
    committed, client, certified, county, province, second, at_now
):
    _, cursor = await read(client)
    await certifications.suspend(certification_id=certified.id, reason="停业整顿", actor=county, now=NOW)
    [suspended], cursor = await read(client, cursor)
    await revoke(certified.id, province, second, now=NOW)
    [noticed, revoked], _ = await read(client, cursor)

    assert (suspended["type"], suspended["record"]["status"], suspended["record"]["bookable"]) == (
        "record",
        "suspended",
        False,
    )
    [decided] = suspended["decided"]
    assert (decided["event"], decided["status"], decided["reason"]) == ("suspend", "suspended", "停业整顿")
    assert [one["event"] for one in noticed["decided"]] == ["notice_revocation"]
    assert (revoked["type"], revoked["record"]) == ("tombstone", None)
    assert [(one["event"], one["reason"]) for one in revoked["decided"]] == [("revoke", "骗取认定")]
    assert revoked["institution_id"] == wire("ins", certified.institution_id)


async def test_who_comes_back_is_a_record_again(
    committed, client, certified, province, second, certify, at_now
) -> None:
    await revoke(certified.id, province, second, now=NOW)
    # As an appeal does that succeeds: the lock-out ends.
    await execute("UPDATE certifications SET locked_until_on = NULL WHERE id = $1", certified.id)
    _, cursor = await read(client)
    await certify(institution_id=certified.institution_id, name="另一家（示例）")
    items, _ = await read(client, cursor)

    assert [(item["type"], item["institution_id"]) for item in items] == [
        ("record", wire("ins", certified.institution_id))
    ]


async def test_every_change_of_a_public_fact_is_told_and_no_other(
    committed, client, certified, add_institution, at_now
) -> None:
    _, cursor = await read(client)
    unknown = await add_institution("未认定（示例）")
    await execute("UPDATE institutions SET phone = '+8643300000' WHERE id = $1", unknown)
    assert await read(client, cursor) == ([], cursor)

    await execute("UPDATE institutions SET phone = '+8643399999' WHERE id = $1", certified.institution_id)
    [moved], cursor = await read(client, cursor)
    await execute("UPDATE certifications SET assessment_overdue = true WHERE id = $1", certified.id)
    [late], cursor = await read(client, cursor)
    await execute("UPDATE institutions SET phone = phone WHERE id = $1", certified.institution_id)

    assert (moved["record"]["phone"], moved["decided"]) == ("+8643399999", [])
    assert late["record"]["assessment_overdue"] is True
    assert await read(client, cursor) == ([], cursor)


async def test_nothing_is_skipped_when_transactions_overlap(committed, client, certified, certify, at_now) -> None:
    """A change that commits late is not passed over by one that began later and committed first."""
    other = await certify(name="乙（示例）")
    _, cursor = await read(client)
    began, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await execute("UPDATE institutions SET phone = '+8643311111' WHERE id = $1", certified.institution_id)
            began.set()
            await finish.wait()

    running = asyncio.create_task(slow())
    await began.wait()
    await execute("UPDATE institutions SET phone = '+8643322222' WHERE id = $1", other.institution_id)
    meanwhile, between = await read(client, cursor)
    finish.set()
    await running
    after, _ = await read(client, between)

    assert meanwhile == []
    assert [item["record"]["phone"] for item in after] == ["+8643311111", "+8643322222"]


async def test_readers_who_poll_while_officers_work_end_with_the_register_itself(
    committed, client, certify, county, province, second, at_now
) -> None:
    """Ten institutions change at once, over and over; a mirror that is fed by pages of three equals the list."""
    held = [await certify(name=f"机构{number}（示例）") for number in range(10)]
    mirror: dict[str, dict] = {}
    cursor = None

    async def work(index: int) -> None:
        for turn in range(3):
            await certifications.suspend(certification_id=held[index].id, reason=f"第{turn}次", actor=county, now=NOW)
            if index % 3 == 0 and turn == 2:
                await revoke(held[index].id, province, second, now=NOW)
                return
            await certifications.reinstate(certification_id=held[index].id, reason="恢复", actor=province, now=NOW)

    working = asyncio.gather(*(work(index) for index in range(10)))
    told = 0
    while not working.done():
        items, cursor = await read(client, cursor, limit=3)
        mirror, told = kept(items, mirror), told + sum(len(item["decided"]) for item in items)
    await working
    items, cursor = await read(client, cursor, limit=3)
    mirror, told = kept(items, mirror), told + sum(len(item["decided"]) for item in items)

    listed = (await client.get("/v1/register?limit=100")).json()["items"]
    assert mirror == {item["institution_id"]: item for item in listed}
    assert len(mirror) == 6
    # Certified, three times suspended, and three times reinstated or (four of them) twice, then noticed and revoked.
    assert told == 10 * 7 + 4
    assert kept((await read(client))[0]) == mirror


async def test_an_export_and_the_changes_after_it_lose_nothing(committed, client, certified, county, at_now) -> None:
    exported = await client.get("/v1/register.ndjson")
    follow_up = exported.headers["link"].removeprefix("<").partition(">")[0]
    await certifications.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)

    page = (await client.get(follow_up)).json()

    assert [item["record"]["status"] for item in page["items"]] == ["suspended"]


async def test_a_reader_who_leaves_gives_the_connection_back(committed, certify, at_now) -> None:
    await certify()
    rows = db.stream("SELECT generate_series(1, 10000)", prefetch=10)
    await anext(rows)
    busy = db.DB.pool.get_size() - db.DB.pool.get_idle_size()
    await rows.aclose()

    assert busy == 1
    assert db.DB.pool.get_size() - db.DB.pool.get_idle_size() == 0


async def test_a_cursor_that_is_not_ours_is_refused(client) -> None:
    for cursor in ("x", "WzEsMl0", "W10", "%00", "WyItMSIsIjEiXQ"):
        answer = await client.get(f"/v1/changes?after={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
