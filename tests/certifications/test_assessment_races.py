"""Real commits on many connections: assessors, signals and draws at the same moment."""

import asyncio
from datetime import timedelta

from marketplace.certifications import operations
from marketplace.certifications.rules import SignalKind
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch_value
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.ids import new_id
from tests.certifications.conftest import NOW, PROVINCE, TODAY, kinds, officer
from tests.certifications.sheets import sheet_of


async def test_of_many_confirmations_one_begins_the_preview(committed, certify, prefecture):
    await certify(assessed_on=TODAY - timedelta(days=340))
    await operations.order_due_assessments(now=NOW)
    order_id = await fetch_value("SELECT id FROM assessment_orders WHERE status = 'ordered'")
    await operations.enter_result(
        assessment_id=order_id, sheet=sheet_of(), assessed_on=TODAY, actor=prefecture, now=NOW
    )
    found = await asyncio.gather(
        *(
            operations.confirm_result(
                assessment_id=order_id, revision=1, actor=officer(Level.PROVINCE, PROVINCE), now=NOW
            )
            for _ in range(6)
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(item, IllegalTransition) for item in found) == [False] + [True] * 5
    assert (await kinds()).count("assessment.previewed") == 1


async def test_of_many_signals_of_one_incident_one_counts(committed, certified):
    incident = new_id()
    found = await asyncio.gather(
        *(
            operations.signal(
                institution_id=certified.institution_id, kind=SignalKind.INCIDENT, subject_id=incident, now=NOW
            )
            for _ in range(6)
        )
    )
    assert sorted(order is None for order in found) == [False] + [True] * 5
    assert await fetch_value("SELECT count(*) FROM assessment_orders WHERE status = 'ordered'") == 1


async def test_a_draw_is_carried_out_once(committed, certified):
    drawn = []
    for days in (0, 7):
        moment = NOW + timedelta(days=days)
        drawn.append(sum(await asyncio.gather(*(operations.draw_inspections(now=moment) for _ in range(4)))))
    assert drawn == [0, 1]
    assert await fetch_value("SELECT count(*) FROM inspection_draws") == 1
    assert await fetch_value("SELECT count(*) FROM inspections") == 1
