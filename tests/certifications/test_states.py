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
    AssessmentEvent,
    AssessmentStatus,
    DecisionEvent,
    DecisionStatus,
    Event,
    Status,
)
from marketplace.identity.rules import GRANTS, Action, Level
from marketplace.kit.errors import Forbidden, IllegalTransition

MACHINES = [
    (CERTIFICATION, Status, Event),
    (DECISION, DecisionStatus, DecisionEvent),
    (ASSESSMENT, AssessmentStatus, AssessmentEvent),
]
ACTIONS = {
    Event.CERTIFY: Action.CERTIFY,
    Event.REASSESS: Action.ASSESS,
    Event.ORDER_RECTIFICATION: Action.RECTIFY,
    Event.COMPLETE_RECTIFICATION: Action.RECTIFY,
    Event.SUSPEND: Action.SUSPEND,
    Event.REINSTATE: Action.REINSTATE,
    Event.REVOKE: Action.REVOKE,
}


def test_the_table_has_every_state_of_the_design():
    assert {status.value for status in Status} == {
        "draft", "submitted", "correction_requested", "county_passed", "prefecture_passed", "assessed", "publicity",
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


@pytest.mark.parametrize("row", CERTIFICATION.rows, ids=lambda row: f"{row.source}-{row.event}")
def test_only_the_levels_of_the_row_may_make_its_move(row):
    for level in Level:
        if level in row.actors:
            assert step(row.source, row.event, level=level) is row.target
        else:
            with pytest.raises(Forbidden):
                step(row.source, row.event, level=level)
    with pytest.raises(Forbidden):
        step(row.source, row.event, level=None)


def test_what_has_ended_never_moves_again():
    assert [row for row in CERTIFICATION.rows if row.source in ENDED] == []


def test_only_publicity_leads_to_a_first_certificate():
    assert {row.source for row in CERTIFICATION.rows if row.target is Status.CERTIFIED} - STANDING == {Status.PUBLICITY}


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
    assert levels == granted
