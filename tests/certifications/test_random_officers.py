"""Random officers and institutions, moves and days, against the whole procedure: nobody finds a way around it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.bookings.operations import approve_revocation, end_withdrawn
from marketplace.certifications import operations
from marketplace.certifications.rules.applying import REQUIRED, ApplicationKind, competent
from marketplace.certifications.rules.proceeding import CaseKind
from marketplace.certifications.states import CERTIFICATION, ENDED, Event, Status
from marketplace.certifications.states.appeals import AppealEvent
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import DomainError, NotFound
from marketplace.kit.ids import new_id
from seed import procedure
from tests.certifications.conftest import BAISHAN, FUSONG, HUNCHUN, NOW, PROVINCE, officer
from tests.certifications.sheets import sheet_of

PROVINCIAL = [officer(Level.PROVINCE, PROVINCE) for _ in range(2)]
PREFECTURE, COUNTY = officer(Level.PREFECTURE, BAISHAN), officer(Level.COUNTY, FUSONG)
STRANGERS = [
    officer(Level.PREFECTURE, "changbaishan"),
    officer(Level.COUNTY, HUNCHUN),
    officer(Level.PROVINCE, "330000"),
    procedure.staff_of(new_id()),
]
STAFF = "staff"
ACTORS = [*PROVINCIAL, PREFECTURE, COUNTY, *STRANGERS, STAFF]
LEVELS = {FUSONG: "county", BAISHAN: "prefecture", PROVINCE: "province"}


class Stage:
    """One institution, and what is on file of it now."""

    def __init__(self, institution_id):
        self.institution_id = institution_id
        self.staff = procedure.staff_of(institution_id)

    async def application(self):
        return await self._newest("certification_applications", "institution_id", self.institution_id)

    async def assessment(self):
        return await self._newest("assessment_orders", "institution_id", self.institution_id)

    async def certification(self):
        return await self._newest("certifications", "institution_id", self.institution_id)

    async def case(self):
        return await self._newest("certification_cases", "certification_id", await self.certification())

    async def appeal(self):
        return await self._newest("certification_appeals", "institution_id", self.institution_id)

    async def rectification(self):
        return await self._newest("certification_rectifications", "certification_id", await self.certification())

    async def decision(self):
        return await self._newest("certification_decisions", "certification_id", await self.certification())

    async def _newest(self, table, column, value):
        found = await fetch_value(f"SELECT id FROM {table} WHERE {column} = $1 ORDER BY id DESC LIMIT 1", value)
        return found or new_id()

    async def statuses(self):
        """Return how the newest application and the newest certification stand."""
        found = await fetch_one(
            "SELECT (SELECT status FROM certification_applications WHERE institution_id = $1 ORDER BY id DESC LIMIT 1),"
            " (SELECT status FROM certifications WHERE institution_id = $1 ORDER BY id DESC LIMIT 1)",
            self.institution_id,
        )
        return tuple(Status(status) if status else None for status in found.values())


async def fire(now):
    for row in await fetch("SELECT id FROM certification_deadlines WHERE status = 'running' AND due_at <= $1", now):
        await operations.fire_deadline(deadline_id=row["id"], now=now)
        await end_withdrawn(deadline_id=row["id"], now=now)
    await operations.expire_due(now=now)


async def apply(stage, actor, now):
    draft = await operations.open_application(kind=ApplicationKind.INITIAL, actor=actor, now=now)
    pieces = [procedure.piece(kind) for kind in sorted(REQUIRED[ApplicationKind.INITIAL])]
    await operations.add_evidence(application_id=draft.id, pieces=pieces, actor=actor, now=now)
    await operations.submit(application_id=draft.id, actor=actor, now=now)


def reviewing(name, **facts):
    async def act(stage, actor, now):
        await getattr(operations, name)(application_id=await stage.application(), actor=actor, now=now, **facts)

    return act


def managing(name, **facts):
    async def act(stage, actor, now):
        await getattr(operations, name)(certification_id=await stage.certification(), actor=actor, now=now, **facts)

    return act


def hearing(name, **facts):
    async def act(stage, actor, now):
        later = {"hearing_on": now.date() + timedelta(days=14)} if name == "call_hearing" else {}
        await getattr(operations, name)(case_id=await stage.case(), actor=actor, now=now, **facts, **later)

    return act


async def visit(stage, actor, now):
    await operations.enter_result(
        assessment_id=await stage.assessment(), sheet=sheet_of(), assessed_on=now.date(), actor=actor, now=now
    )


async def confirm(stage, actor, now):
    await operations.confirm_result(assessment_id=await stage.assessment(), revision=1, actor=actor, now=now)


async def report(stage, actor, now):
    await operations.report_rectification(
        rectification_id=await stage.rectification(), report="已整改", actor=actor, now=now
    )


async def approve(stage, actor, now):
    if actor.level is None:
        raise NotFound
    await approve_revocation(principal=actor, decision_id=await stage.decision(), now=now)


async def file_appeal(stage, actor, now):
    await operations.file_appeal(grounds="不服", case_id=await stage.case(), actor=actor, now=now)


def deciding(event):
    async def act(stage, actor, now):
        await operations.decide_appeal(appeal_id=await stage.appeal(), event=event, reason="复议", actor=actor, now=now)

    return act


async def nothing(stage, actor, now):
    """Let days pass."""


WHY = {"reason": "依据事实"}
MOVES = {
    "apply": apply,
    "take_back": reviewing("take_back"),
    "request_correction": reviewing("give_completeness_notice", defects="缺项"),
    "resubmit": reviewing("submit"),
    "accept": reviewing("advance", event=Event.ACCEPT, **WHY),
    "endorse_at_county": reviewing("advance", event=Event.ENDORSE_AT_COUNTY, **WHY),
    "endorse_at_prefecture": reviewing("advance", event=Event.ENDORSE_AT_PREFECTURE, **WHY),
    "visit": visit,
    "confirm": confirm,
    "publicise": reviewing("publicise", **WHY),
    "object": reviewing("raise_objection", statement="异议"),
    "dismiss_objections": reviewing("dismiss_objections", answer="不成立"),
    "reject": reviewing("reject", grounds=procedure.GROUNDS),
    "certify": reviewing("certify", **WHY),
    "order_rectification": managing("order_rectification", safety_defect=True, **WHY),
    "report": report,
    "fail_reinspection": managing("fail_reinspection", **WHY),
    "complete_rectification": managing("complete_rectification", **WHY),
    "suspend": managing("suspend", **WHY),
    "state_reasons": managing("state_reasons", grounds=procedure.GROUNDS),
    "reinstate": managing("reinstate", **WHY),
    "notice_suspension": managing("notice", kind=CaseKind.SUSPENSION, grounds=procedure.GROUNDS),
    "notice_revocation": managing("notice", kind=CaseKind.REVOCATION, grounds=procedure.GROUNDS),
    "waive": hearing("defend", statement=None, asks_hearing=False),
    "ask_hearing": hearing("defend", statement="不实", asks_hearing=True),
    "call_hearing": hearing("call_hearing"),
    "hold_hearing": hearing("hold_hearing", record="笔录"),
    "conclude": hearing("conclude", proceed=True, defence_outcome="不予采纳"),
    "dismiss": hearing("conclude", proceed=False, defence_outcome="予以采纳"),
    "request_revocation": managing("request_revocation", **WHY),
    "approve": approve,
    "notice_withdrawal": managing("notice_withdrawal", **WHY),
    "appeal": file_appeal,
    "accept_appeal": deciding(AppealEvent.ACCEPT),
    "stay": deciding(AppealEvent.STAY),
    "uphold": deciding(AppealEvent.UPHOLD),
    "annul": deciding(AppealEvent.ANNUL),
    "wait": nothing,
}
# Half of the moves are made by who most often may, so that walks get somewhere.
LIKELY = [*PROVINCIAL, STAFF, STAFF]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MOVES)),
        st.sampled_from(LIKELY) | st.sampled_from(ACTORS),
        st.sampled_from([0, 0, 1, 3, 9, 40]),
    ),
    max_size=16,
)
# Where a walk begins, so that the deep end is walked too.
STARTS = ("nothing", "publicity", "certified", "concluded")


class Undo(Exception):
    """Ends an example and takes back all it did."""


def levels_allowed(before, after):
    """The levels that the table lets make this move; deadlines may make what has a timer."""
    rows = [row for row in CERTIFICATION.rows if (row.source, row.target) == (before, after)]
    return frozenset().union(*(competent(row.actors, LEVELS.values()) for row in rows)), any(row.timer for row in rows)


async def check_certified(stage):
    """A first certificate rests on two assessors, a preview and a publicity that were over, and answered objections."""
    row = await fetch_one(
        "SELECT a.status, a.publicity_ends_at, c.granted_at, v.assessed_by, v.assessed_with, v.preview_until_at,"
        " v.published_at, (SELECT count(*) FROM certification_objections o"
        " WHERE o.application_id = a.id AND o.outcome IS NULL) AS open FROM certification_applications a"
        " JOIN certifications c ON c.application_id = a.id JOIN assessment_orders v ON v.application_id = a.id"
        " WHERE c.id = $1",
        await stage.certification(),
    )
    assert (row["status"], row["open"]) == ("certified", 0)
    assert row["assessed_by"] != row["assessed_with"]
    assert row["preview_until_at"] <= row["published_at"] < row["publicity_ends_at"] <= row["granted_at"]


async def check_revoked(stage):
    """A revocation rests on two provincial officers and on a proceeding with every paper (R04)."""
    certification_id = await stage.certification()
    decision = await fetch_one(
        "SELECT requested_by, approved_by FROM certification_decisions WHERE certification_id = $1 AND status = 'approved'",
        certification_id,
    )
    assert {decision["requested_by"], decision["approved_by"]} == {one.id for one in PROVINCIAL}
    case = await fetch_one(
        "SELECT * FROM certification_cases WHERE certification_id = $1 AND kind = 'revocation' AND status = 'decided'",
        certification_id,
    )
    papers = ("facts", "legal_basis", "rights", "noticed_at", "defence_outcome", "concluded_by")
    assert [name for name in papers if case[name] is None] == []
    assert case["hearing_requested_at"] is None or case["heard_at"] is not None


async def check_moves(stage, before, after, actor):
    for old, new in zip(before, after, strict=True):
        if old is new or old is None:
            continue
        if new is Status.DRAFT or (
            old in ENDED | {Status.REJECTED, Status.LAPSED, Status.CERTIFIED}
            and new not in {row.target for row in CERTIFICATION.rows if row.source is old}
        ):
            continue  # A new application, or a new certificate, beside the one that has ended.
        if actor is None:
            assert levels_allowed(old, new)[1], f"{old} → {new} has no timer"
        else:
            own = actor is STAFF
            allowed, _ = levels_allowed(old, new)
            assert ("institution" if own else actor.level) in allowed or "anyone" in allowed, f"{actor}: {old} → {new}"
            assert own or "anyone" in allowed or actor.jurisdiction in LEVELS
    if after[1] is Status.CERTIFIED and before[1] is not Status.CERTIFIED:
        await check_certified(stage)
    if after[1] is Status.REVOKED:
        await check_revoked(stage)


async def begin(stage, start):
    if start == "nothing":
        return
    visited_at = NOW - timedelta(days=35)
    if start == "publicity":
        await procedure.publicise(
            institution_id=stage.institution_id, sheet=sheet_of(), actor=PROVINCIAL[0], visited_at=visited_at, now=NOW
        )
        return
    found = await procedure.certify(
        institution_id=stage.institution_id,
        sheet=sheet_of(),
        assessed_on=visited_at.date(),
        actor=PROVINCIAL[0],
        now=NOW,
    )
    if start == "concluded":
        await procedure.conclude_revocation(found, actor=PROVINCIAL[0], now=NOW)


LAWFUL = [
    ("apply", STAFF, 0),
    ("wait", STAFF, 9),
    ("endorse_at_county", COUNTY, 1),
    ("endorse_at_prefecture", PREFECTURE, 1),
    ("visit", PROVINCIAL[0], 1),
    ("confirm", PROVINCIAL[1], 1),
    ("publicise", PROVINCIAL[0], 16),
    ("certify", PROVINCIAL[0], 9),
    ("suspend", COUNTY, 1),
    ("notice_revocation", PROVINCIAL[0], 1),
    ("ask_hearing", STAFF, 1),
    ("call_hearing", PROVINCIAL[0], 0),
    ("hold_hearing", PROVINCIAL[0], 40),
    ("conclude", PROVINCIAL[1], 0),
    ("request_revocation", PROVINCIAL[1], 0),
    ("approve", PROVINCIAL[0], 1),
]


@pytest.fixture
async def stage(start, add_institution):
    found = Stage(await add_institution())
    await begin(found, start)
    return found


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_path_leads_around_the_procedure(stage, steps):
    with suppress(Undo):
        async with transaction():
            await walk(stage, steps)
            raise Undo


@pytest.mark.parametrize("start", ["nothing"])
async def test_the_lawful_path_leads_through_the_procedure(stage):
    await walk(stage, LAWFUL)
    assert await stage.statuses() == (Status.CERTIFIED, Status.REVOKED)


async def walk(stage, steps):
    now = NOW
    for move, actor, days in steps:
        now += timedelta(days=days)
        before = await stage.statuses()
        await fire(now)
        fired = await stage.statuses()
        await check_moves(stage, before, fired, None)
        refused = False
        try:
            await MOVES[move](stage, stage.staff if actor is STAFF else actor, now)
        except DomainError:
            refused = True
        after = await stage.statuses()
        if refused and move != "apply":
            assert after == fired
        await check_moves(stage, fired, after, actor)
        if actor in STRANGERS and move != "object":
            assert after == fired


async def test_who_is_from_elsewhere_finds_nothing_at_all(certified):
    stage = Stage(certified.institution_id)
    before = await stage.statuses()
    for move in sorted(set(MOVES) - {"wait", "apply", "object"}):
        answers = [await answer(move, stage, stranger) for stranger in STRANGERS]
        assert answers == [NotFound] * len(STRANGERS), move
        assert await stage.statuses() == before, move


async def answer(move, stage, actor):
    """Return how a move is refused, or nothing where it is made."""
    try:
        await MOVES[move](stage, actor, NOW + timedelta(days=1))
    except DomainError as refusal:
        return type(refusal)
    return None
