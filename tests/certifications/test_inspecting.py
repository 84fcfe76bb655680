"""Inspections from the promise of a seed to their published results."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from marketplace.certifications import operations, queries, recomputing
from marketplace.certifications.errors import AlreadyInspected, ConflictOfInterest, NotDrawn
from marketplace.certifications.queries import inspections
from marketplace.certifications.rules.inspecting import Outcome, commitment_of
from marketplace.identity import operations as identity
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id, wire
from marketplace.messaging import operations as messaging
from tests.certifications.conftest import BAISHAN, FUSONG, NOW, PROVINCE, TODAY, kinds
from tests.certifications.test_scoring import confirm, enter

DRAWN_AT = NOW + timedelta(days=7)


@pytest.fixture
def add_officer(gazetteer):
    async def add(level, jurisdiction):
        async with transaction():
            staff_id = await identity.register_staff(
                actor=SYSTEM,
                kind=Kind.OFFICER,
                name="检查员",
                email=f"{new_id().hex}@jilin.example",
                password_hash="$argon2id$v=19$never-used",
                level=level,
                jurisdiction=jurisdiction,
                now=NOW,
            )
        return Principal(kind=Kind.OFFICER, id=staff_id, session_id=new_id(), level=level, jurisdiction=jurisdiction)

    return add


@pytest.fixture
async def inspectors(add_officer):
    found = [await add_officer(Level.COUNTY, FUSONG), await add_officer(Level.PREFECTURE, BAISHAN)]
    await add_officer(Level.COUNTY, "222404")
    return {officer.id: officer for officer in found}


@pytest.fixture
async def drawn(certify, inspectors):
    """The only inspection of this quarter's draw: one of three, which is more than a tenth."""
    for name in ("甲（示例）", "乙（示例）", "丙（示例）"):
        await certify(name=name)
    assert await operations.draw_inspections(now=NOW) == 0
    assert await operations.draw_inspections(now=DRAWN_AT) == 1
    return await inspections.inspection(await fetch_value("SELECT id FROM inspections"))


async def record(drawn, actor, *, outcome=Outcome.PASSED, on=None, now=DRAWN_AT + timedelta(days=1)):
    return await operations.record_inspection(
        inspection_id=drawn.id,
        outcome=outcome,
        summary="未发现问题",
        inspected_on=on or clock.local_date(now),
        actor=actor,
        now=now,
    )


async def everything():
    return [await fetch(f"SELECT * FROM {table}") for table in ("inspections", "inspection_draws", "outbox")]


async def test_a_seed_is_promised_a_week_before_it_is_used(certify, inspectors):
    await certify()
    for _ in range(2):
        assert await operations.draw_inspections(now=NOW) == 0
    row = await fetch_one("SELECT * FROM inspection_draws")
    assert (row["period"], row["draws_on"], row["seed"], row["inputs"]) == ("2027Q1", date(2027, 3, 8), None, None)
    assert await operations.draw_inspections(now=DRAWN_AT - timedelta(days=1)) == 0
    assert await operations.draw_inspections(now=DRAWN_AT) == 1
    assert await operations.draw_inspections(now=DRAWN_AT) == 0
    revealed = await fetch_one("SELECT * FROM inspection_draws")
    assert revealed["commitment"] == row["commitment"] == commitment_of(revealed["seed"])
    assert (await kinds())[-2:] == ["inspection.drawn", "inspections.drawn"]


async def test_two_competent_inspectors_are_drawn(drawn, inspectors):
    assert {drawn.first_inspector, drawn.second_inspector} == set(inspectors)
    assert drawn.inspect_by_on == date(2027, 5, 7)


async def test_who_has_a_conflict_is_not_drawn_and_does_not_assess(certify, inspectors, add_officer, province):
    certified = await certify()
    county, prefecture = inspectors.values()
    third = await add_officer(Level.PROVINCE, PROVINCE)
    declare = {"institution_id": certified.institution_id, "reason": "近亲属任职", "now": NOW}
    known = await operations.declare_conflict(actor=prefecture, **declare)
    assert await operations.declare_conflict(actor=prefecture, **declare) == known
    for days in (0, 7):
        await operations.draw_inspections(now=NOW + timedelta(days=days))
    row = await fetch_one("SELECT first_inspector, second_inspector FROM inspections")
    assert set(row.values()) == {county.id, third.id}
    [inputs] = [(await inspections.published_draw(draw_id=one)).inputs for one in await inspections.drawn_ids()]
    assert [conflict.inspector for conflict in inputs.conflicts] == [wire("stf", prefecture.id)]
    await operations.order_due_assessments(now=datetime(2028, 2, 1, tzinfo=UTC))
    [order, *_] = await queries.list_assessments(principal=province, status="ordered", limit=1)
    with pytest.raises(ConflictOfInterest):
        await enter(order, prefecture)
    await enter(order, province)
    with pytest.raises(ConflictOfInterest):
        await confirm(order, prefecture)


async def test_a_conflict_elsewhere_is_nobodys_business(certify, inspectors, stranger):
    certified = await certify()
    with pytest.raises(NotFound):
        await operations.declare_conflict(
            institution_id=certified.institution_id, reason="回避", actor=stranger, now=NOW
        )
    assert await fetch_value("SELECT count(*) FROM inspection_conflicts") == 0


async def test_a_result_is_published_by_who_was_drawn_and_stays(drawn, inspectors, prefecture, stranger):
    county, _ = inspectors.values()
    before = await everything()
    for actor, refusal in ((prefecture, NotDrawn), (stranger, NotFound)):
        with pytest.raises(refusal):
            await record(drawn, actor)
    for day in (TODAY + timedelta(days=6), TODAY + timedelta(days=9)):
        with pytest.raises(Invalid):
            await record(drawn, county, on=day)
    assert await everything() == before
    found = await record(drawn, county)
    assert (found.outcome, found.inspected_on) == ("passed", date(2027, 3, 9))
    assert (await kinds())[-1] == "inspection.published"
    with pytest.raises(AlreadyInspected):
        await record(drawn, county, outcome=Outcome.PROBLEMS)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await execute("UPDATE inspections SET outcome = 'problems'")


async def test_the_public_sees_a_draw_once_its_inspections_are_over(drawn, inspectors, province, county):
    async def shown(viewer, now=DRAWN_AT):
        return await inspections.draw_in_full(draw_id=drawn.draw_id, viewer=viewer, now=now)

    async def listed(viewer, now=DRAWN_AT):
        return [one.id for one in await inspections.list_inspections(viewer=viewer, limit=5, now=now)]

    for viewer in (None, county):
        found, inputs, result = await shown(viewer)
        assert (found.is_over, found.drawn_count, inputs, result) == (False, 1, None, ())
        assert found.inputs_digest is not None
    assert (await shown(province))[1] is not None
    assert (await listed(None), await listed(county), await listed(province)) == ([], [drawn.id], [drawn.id])
    # When nobody has been there by the last day, it is seen all the same.
    late = datetime(2027, 5, 8, tzinfo=UTC)
    assert ((await shown(None, late))[0].is_over, await listed(None, late)) == (True, [drawn.id])
    await record(drawn, next(iter(inspectors.values())))
    found, inputs, result = await shown(None)
    assert (found.is_over, inputs.count, len(result)) == (True, 1, 1)


async def test_a_draw_is_recomputed_from_the_database_and_from_what_is_published(
    drawn, inspectors, client, at_now, tmp_path: Path
):
    name = wire("drw", drawn.draw_id)
    assert await recomputing.verify_all() == {name: []}
    await record(drawn, next(iter(inspectors.values())))
    answer = await client.get(f"/v1/inspection-draws/{name}")
    file = tmp_path / "draw.json"
    file.write_bytes(answer.content)
    assert recomputing.verify_file(str(file)) == []
    altered = answer.json()
    altered["drawn"][0]["institution"] = altered["inputs"]["institutions"][0]["id"]
    others = [
        one["id"] for one in altered["inputs"]["institutions"] if one["id"] != answer.json()["drawn"][0]["institution"]
    ]
    altered["drawn"][0]["institution"] = others[0]
    file.write_bytes(msgspec.json.encode(altered))
    [wrong] = recomputing.verify_file(str(file))
    assert wrong.startswith("at 1: ins_")
    file.write_text("{}")
    assert recomputing.verify_file(str(file))[0].startswith("this is not a published draw")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inspection_draws SET inputs = '{}'",
        "UPDATE inspection_draws SET seed = repeat('ab', 32)",
        "DELETE FROM inspection_draws",
        "UPDATE inspections SET second_inspector = first_inspector",
        (
            "UPDATE inspections SET outcome = 'passed', summary = '无', inspected_on = current_date, recorded_at = now(),"
            " recorded_by = gen_random_uuid()"
        ),
    ],
)
async def test_the_database_holds_a_draw_to_what_it_was(drawn, statement):
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await execute(statement)


async def test_a_seed_other_than_the_promised_one_cannot_be_used(gazetteer):
    await operations.draw_inspections(now=NOW)
    with pytest.raises(asyncpg.CheckViolationError, match="promised"):
        await execute(
            "UPDATE inspection_draws SET seed = repeat('ab', 32), inputs = '{}', inputs_digest = repeat('0', 64),"
            " inspect_by_on = draws_on, drawn_at = now()"
        )


async def test_within_a_year_nobody_is_drawn_twice_before_everybody(certify, inspectors):
    for number in range(12):
        await certify(name=f"第{number}院（示例）")
    for month in (3, 4, 7, 10):
        for day in (1, 9):
            await operations.draw_inspections(now=datetime(2027, month, day, 4, tzinfo=UTC))
    rows = await fetch(
        "SELECT d.period, n.institution_id FROM inspections n JOIN inspection_draws d ON d.id = n.draw_id ORDER BY d.period"
    )
    # A tenth of twelve is two, and four quarters share them.
    assert [row["period"] for row in rows] == ["2027Q1", "2027Q2"]
    assert len({row["institution_id"] for row in rows}) == 2
    assert await recomputing.verify_all() == {wire("drw", one): [] for one in await inspections.drawn_ids()}


async def test_an_inspection_that_nobody_makes_climbs_the_levels_and_is_told(drawn, inspectors, add_officer):
    await add_officer(Level.PROVINCE, PROVINCE)
    reached = []
    for days in (0, 1, 2, 15, 16, 17):
        late = datetime(2027, 5, 7, 4, tzinfo=UTC) + timedelta(days=days)
        await operations.escalate_uninspected(now=late)
        reached.append((await inspections.inspection(drawn.id)).escalated_to)
        await messaging.tell_of_uninspected(inspection_id=drawn.id, now=late) if reached[-1] else None
    assert reached == [None, "prefecture", "prefecture", "prefecture", "province", "province"]
    assert (await kinds()).count("inspection.escalated") == 2
    assert await fetch_value("SELECT count(*) FROM messages WHERE template = 'inspection_escalated'") == 2


@pytest.mark.parametrize("ending", ["recorded", "expired"])
async def test_what_was_inspected_or_has_ended_is_not_escalated(drawn, inspectors, ending):
    if ending == "recorded":
        await record(drawn, next(iter(inspectors.values())))
    else:
        await operations.expire_due(now=datetime(2031, 1, 1, tzinfo=UTC))
    assert await operations.escalate_uninspected(now=datetime(2031, 1, 2, tzinfo=UTC)) == 0
    assert (await inspections.inspection(drawn.id)).escalated_to is None
