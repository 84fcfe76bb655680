from itertools import product

import pytest

from marketplace.certifications.rules import step
from marketplace.certifications.states import (
    ASSESSMENT,
    CERTIFICATION,
    DECISION,
    ENDED,
    OFFERED,
    STANDING,
    TWO_OFFICERS,
    VALIDITY_ENDS,
    AssessmentEvent,
    AssessmentStatus,
    DecisionEvent,
    DecisionStatus,
    Document,
    Event,
    Status,
)
from marketplace.certifications.states.appeals import APPEAL, AppealEvent, AppealStatus
from marketplace.identity.rules import GRANTS, Action, Level
from marketplace.kit.errors import Forbidden, IllegalTransition
from seed.clocks import CLOCKS

MACHINES = [
    (CERTIFICATION, Status, Event),
    (DECISION, DecisionStatus, DecisionEvent),
    (ASSESSMENT, AssessmentStatus, AssessmentEvent),
    (APPEAL, AppealStatus, AppealEvent),
]
# What an officer does to the certification itself is also a right in the table of grants.
ACTIONS = {
    Event.REASSESS: Action.ASSESS,
    Event.ORDER_RECTIFICATION: Action.RECTIFY,
    Event.FAIL_REINSPECTION: Action.RECTIFY,
    Event.COMPLETE_RECTIFICATION: Action.RECTIFY,
    Event.SUSPEND: Action.SUSPEND,
    Event.STATE_REASONS: Action.SUSPEND,
    Event.NOTICE_SUSPENSION: Action.OVERSEE,
    Event.REINSTATE: Action.REINSTATE,
    Event.NOTICE_REVOCATION: Action.OVERSEE,
    Event.REVOKE: Action.REVOKE,
}


def test_the_table_has_every_state_of_the_procedure():
    assert {status.value for status in Status} == {
        "draft", "submitted", "correction_requested", "lapsed", "accepted", "county_passed", "prefecture_passed",
        "assessed", "publicity", "objection_review", "renewal_review", "rejected",
        "certified", "under_rectification", "suspended", "revocation_noticed", "revoked", "expired", "withdrawn",
    }  # fmt: skip
    assert {row.source for row in CERTIFICATION.rows} | {row.target for row in CERTIFICATION.rows} == set(Status)
    assert {row.event for row in CERTIFICATION.rows} == set(Event)


@pytest.mark.parametrize(("table", "statuses", "events"), MACHINES)
def test_every_move_outside_the_table_is_refused_by_name(table, statuses, events):
    legal = {(row.source, row.event): row.target for row in table.rows}
    refused = 0
    for current, event in product(statuses, events):
        if (current, event) in legal:
            assert table.target(current, event) is legal[current, event]
            continue
        with pytest.raises(IllegalTransition) as refusal:
            table.target(current, event)
        assert refusal.value.facts == {"current": current.value, "event": event.value}
        refused += 1
    assert refused == len(statuses) * len(events) - len(table.rows)


@pytest.mark.parametrize(("table", "statuses", "events"), MACHINES)
def test_every_move_has_either_actors_or_a_timer(table, statuses, events):
    assert [row for row in table.rows if bool(row.actors) == (row.timer is not None)] == []


def test_only_the_levels_of_the_row_may_make_its_move():
    for row in CERTIFICATION.rows:
        made = {level: target for level in (*Level, None) if (target := moved(row, level))}
        assert made == {level: row.target for level in Level if level in row.actors}, f"{row.source}-{row.event}"


def moved(row, level):
    """Return where a level may move to, or nothing where it may not."""
    try:
        return step(row.source, row.event, level=level)
    except Forbidden:
        return None


def test_what_has_ended_never_moves_again():
    assert [row for row in CERTIFICATION.rows if row.source in ENDED] == []


def test_only_publicity_leads_to_a_first_certificate():
    first = {row.source for row in CERTIFICATION.rows if row.target is Status.CERTIFIED} - STANDING
    # A renewal is of a certificate that stands.
    assert first == {Status.PUBLICITY, Status.RENEWAL_REVIEW}
    assert {row.event for row in CERTIFICATION.rows if row.source is Status.RENEWAL_REVIEW} == {
        Event.RENEW, Event.RENEW_BY_SILENCE, Event.REJECT, Event.WITHDRAW,
    }  # fmt: skip


def test_only_a_noticed_revocation_is_carried_out():
    assert {row.source for row in CERTIFICATION.rows if row.target is Status.REVOKED} == {Status.REVOCATION_NOTICED}
    assert {row.source for row in CERTIFICATION.rows if row.target is Status.REVOCATION_NOTICED} - {
        Status.REVOCATION_NOTICED
    } == {Status.SUSPENDED}


def test_every_adverse_move_needs_its_papers():
    """R04, from the table: facts, basis and rights for every refusal; prior notice and an answered defence besides."""
    told = {Document.FACTS, Document.LEGAL_BASIS, Document.RIGHTS}
    for row in CERTIFICATION.rows:
        if row.event in {Event.REJECT, Event.STATE_REASONS, Event.NOTICE_SUSPENSION, Event.NOTICE_REVOCATION}:
            assert row.documents >= told, row
        if row.event in {Event.SUSPEND_BY_DECISION, Event.REVOKE}:
            assert row.documents >= told | {Document.PRIOR_NOTICE, Document.DEFENCE_OUTCOME}, row
        assert (Document.SECOND_OFFICER in row.documents) is (row.event in TWO_OFFICERS), row


def test_every_period_of_the_table_has_a_policy():
    named = {row.within for row in CERTIFICATION.rows if row.within} | {
        row.timer for row in CERTIFICATION.rows if row.timer
    }
    assert named - {VALIDITY_ENDS} <= {row.clock for row in CLOCKS}


def test_only_the_province_certifies_and_revokes():
    for target in (Status.CERTIFIED, Status.REVOKED):
        rows = [
            row for row in CERTIFICATION.rows if row.target is target and row.event in {Event.CERTIFY, Event.REVOKE}
        ]
        assert {row.actors for row in rows} == {(Level.PROVINCE,)}


def test_every_move_into_revoked_needs_two_officers():
    assert {row.event for row in CERTIFICATION.rows if row.target is Status.REVOKED} == TWO_OFFICERS


def test_the_levels_of_the_table_are_those_of_the_grants():
    assert set(ACTIONS) == OFFERED
    levels: dict[Action, set[str]] = {}
    for event, action in ACTIONS.items():
        levels.setdefault(action, set()).update(*(row.actors for row in CERTIFICATION.rows if row.event is event))
    granted = {action: set().union(*(grant.levels for grant in GRANTS[action])) for action in ACTIONS.values()}
    # Overseeing is a right of every level; the table alone says who gives notice.
    assert levels.pop(Action.OVERSEE) < granted.pop(Action.OVERSEE)
    assert levels == granted
