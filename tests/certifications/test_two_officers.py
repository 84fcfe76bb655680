"""Random officers, moves and days: whatever they do, nothing is revoked but by two provincial officers."""

from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from marketplace.certifications import operations
from marketplace.certifications.states import CERTIFICATION, ENDED, Event, Status
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch_one, fetch_value, transaction
from marketplace.kit.errors import DomainError
from tests.certifications.conftest import BAISHAN, FUSONG, HUNCHUN, NOW, PROVINCE, officer

OFFICERS = [
    officer(Level.PROVINCE, PROVINCE),
    officer(Level.PROVINCE, PROVINCE),
    officer(Level.PROVINCE, PROVINCE),
    officer(Level.PREFECTURE, BAISHAN),
    officer(Level.PREFECTURE, "changbaishan"),
    officer(Level.COUNTY, FUSONG),
    officer(Level.COUNTY, HUNCHUN),
    officer(Level.PROVINCE, "330000"),
]
INSIDE = {PROVINCE, BAISHAN, FUSONG}
EVENTS = [
    Event.ORDER_RECTIFICATION,
    Event.COMPLETE_RECTIFICATION,
    Event.SUSPEND,
    Event.REINSTATE,
    "request",
    "approve",
    Event.EXPIRE,
]
STEPS = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.sampled_from(OFFICERS), st.integers(min_value=0, max_value=3)), max_size=14
)


class Undo(Exception):
    """Ends an example and takes back all it did."""


async def perform(event, actor, *, certification_id, now):
    facts = {"certification_id": certification_id, "reason": "依据事实", "actor": actor, "now": now}
    match event:
        case Event.ORDER_RECTIFICATION:
            await operations.order_rectification(safety_defect=True, **facts)
        case Event.COMPLETE_RECTIFICATION:
            await operations.complete_rectification(**facts)
        case Event.SUSPEND:
            await operations.suspend(**facts)
        case Event.REINSTATE:
            await operations.reinstate(**facts)
        case "request":
            await operations.request_revocation(**facts)
        case "approve":
            decision_id = await fetch_value("SELECT id FROM certification_decisions ORDER BY requested_at DESC LIMIT 1")
            if decision_id is not None:
                async with transaction():
                    await operations.revoke(decision_id=decision_id, actor=actor, now=now)
        case Event.EXPIRE:
            await operations.expire_due(now=now)


async def status_of(certification_id):
    return Status(await fetch_value("SELECT status FROM certifications WHERE id = $1", certification_id))


async def check_move(before, after, event, actor, certification_id):
    if event == "request":
        assert after is before
        return
    if after is before:
        return
    done = Event.REVOKE if event == "approve" else event
    assert CERTIFICATION.target(before, done) is after
    assert actor.level in next(row for row in CERTIFICATION.rows if (row.source, row.event) == (before, done)).actors
    assert actor.jurisdiction in INSIDE
    assert before not in ENDED


async def check_revoked(certification_id):
    decision = await fetch_one(
        "SELECT requested_by, approved_by FROM certification_decisions WHERE certification_id = $1 AND status = 'approved'",
        certification_id,
    )
    levels = {item.id: (item.level, item.jurisdiction) for item in OFFICERS}
    assert decision["requested_by"] != decision["approved_by"]
    assert {levels[decision["requested_by"]], levels[decision["approved_by"]]} == {(Level.PROVINCE, PROVINCE)}


# The way there, so that the walk below is known to reach what it forbids.
LAWFUL = [(Event.SUSPEND, OFFICERS[5], 0), ("request", OFFICERS[0], 1), ("approve", OFFICERS[1], 1)]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=LAWFUL)
async def test_no_path_reaches_revoked_without_two_provincial_officers(steps, certified):
    now = NOW
    with suppress(Undo):
        async with transaction():
            for event, actor, days in steps:
                now += timedelta(days=days)
                before = await status_of(certified.id)
                refused = False
                try:
                    await perform(event, actor, certification_id=certified.id, now=now)
                except DomainError:
                    refused = True
                after = await status_of(certified.id)
                assert not (refused and after is not before)
                await check_move(before, after, event, actor, certified.id)
                if after is Status.REVOKED:
                    await check_revoked(certified.id)
            assert steps != LAWFUL or await status_of(certified.id) is Status.REVOKED
            raise Undo
