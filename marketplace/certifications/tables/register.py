"""Certifications, what was decided about them, and the orders to assess them again."""

from piccolo.columns import Text
from piccolo.table import Table

from marketplace.institutions.tables import Institution
from marketplace.kit.columns import (
    bigint,
    boolean,
    date,
    integer,
    jsonb,
    key,
    ref,
    sealed,
    smallint,
    text,
    texts,
    timestamptz,
    uuid,
)
from marketplace.kit.db import DB


class Certification(Table, tablename="certifications", db=DB):
    """One standing right to be listed, from its certificate to its end; ``is_current`` marks the institution's latest."""

    id = key()
    institution_id = ref(Institution)
    number = text()
    status = text()
    grade = smallint(null=True)
    valid_from_on = date()
    valid_until_on = date()
    assessed_on = date()
    assessment_due_on = date()
    assessment_overdue = boolean()
    safety_defect = boolean()
    rectify_by_on = date(null=True)
    restricted_by = text(null=True)
    is_current = boolean()
    is_bookable = boolean()
    version = integer()
    granted_at = timestamptz()
    application_id = uuid(null=True)
    locked_until_on = date(null=True)
    status_position = integer()
    grade_method = text()
    grade_lapsed = boolean()
    abuse_confirmed_on = date(null=True)
    plaque_text = text()


class CertificationDecision(Table, tablename="certification_decisions", db=DB):
    """A change request that needs a second officer; officers are of identity, and decisions outlive their accounts."""

    id = key()
    certification_id = ref(Certification)
    kind = text()
    status = text()
    payload = jsonb()
    payload_hash = text()
    requested_by = uuid()
    requested_at = timestamptz()
    expires_at = timestamptz()
    approved_by = uuid(null=True)
    approved_at = timestamptz(null=True)


class CertificationHistory(Table, tablename="certification_history", db=DB):
    """What happened to a certification, append-only: the public record of the institution."""

    id = key()
    certification_id = ref(Certification)
    event = text()
    status = text()
    grade = smallint(null=True)
    reason = text()
    decided_by = uuid(null=True)
    decided_level = text(null=True)
    decided_at = timestamptz()
    transaction_id = bigint()


class AssessmentOrder(Table, tablename="assessment_orders", db=DB):
    """An order to assess an institution, for its application or again, with its result once it is done."""

    id = key()
    institution_id = ref(Institution)
    certification_id = ref(Certification, null=True)
    application_id = uuid(null=True)
    status = text()
    due_on = date()
    ordered_at = timestamptz()
    rubric = text(null=True)
    scores = jsonb(null=True)
    score = smallint(null=True)
    grade = smallint(null=True)
    assessed_on = date(null=True)
    assessed_by = uuid(null=True)
    completed_at = timestamptz(null=True)
    revision = smallint()
    assessed_with = uuid(null=True)
    confirmed_at = timestamptz(null=True)
    preview_until_at = timestamptz(null=True)
    published_at = timestamptz(null=True)
    reason = text()
    escalated_to = text(null=True)
    escalated_at = timestamptz(null=True)


class CertificationSignal(Table, tablename="certification_signals", db=DB):
    """Something that may call for an assessment, once per subject; append-only."""

    id = key()
    certification_id = ref(Certification)
    kind = text()
    subject_id = uuid()
    raised_at = timestamptz()
    assessment_id = ref(AssessmentOrder, null=True)


class Rubric(Table, tablename="rubrics", db=DB):
    """A version of the scoring frame, in force from a day on; never altered."""

    version = Text(primary_key=True, default=None, null=False)
    effective_from = date()
    title = text()
    title_en = text()
    source = text()
    maxima = jsonb()
    thresholds = jsonb()
    digest = text()


class RubricCriterion(Table, tablename="rubric_criteria", db=DB):
    """A gate (no points) or an item of a rubric (a block, and its points at most)."""

    id = key()
    rubric_version = ref(Rubric)
    code = text()
    position = smallint()
    block = text(null=True)
    points_max = smallint(null=True)
    title = text()
    title_en = text()
    basis = text()


class AssessmentFinding(Table, tablename="assessment_findings", db=DB):
    """What one sheet of an assessment says of one criterion, with its evidence; append-only."""

    id = key()
    assessment_id = ref(AssessmentOrder)
    revision = smallint()
    criterion_id = ref(RubricCriterion)
    passed = boolean(null=True)
    points = smallint(null=True)
    evidence = jsonb()
    entered_by = uuid()
    entered_at = timestamptz()


class AssessmentCorrection(Table, tablename="assessment_corrections", db=DB):
    """What an institution says against the preview of its assessment, and the answer."""

    id = key()
    assessment_id = ref(AssessmentOrder)
    revision = smallint()
    codes = texts()
    statement = text()
    status = text()
    requested_by = uuid()
    requested_at = timestamptz()
    answer = text(null=True)
    answered_by = uuid(null=True)
    answered_at = timestamptz(null=True)


class InspectionConflict(Table, tablename="inspection_conflicts", db=DB):
    """An officer who must not assess or inspect an institution."""

    id = key()
    officer_id = uuid()
    institution_id = ref(Institution)
    reason = text()
    declared_by = uuid()
    declared_at = timestamptz()


class InspectionDraw(Table, tablename="inspection_draws", db=DB):
    """A draw of inspectors and institutions: its seed promised by a hash, then revealed with the lists it was used on."""

    id = key()
    period = text()
    method = text()
    commitment = text()
    sealed_seed = sealed()
    announced_at = timestamptz()
    draws_on = date()
    seed = text(null=True)
    inputs = jsonb(null=True)
    inputs_digest = text(null=True)
    inspect_by_on = date(null=True)
    drawn_at = timestamptz(null=True)


class Inspection(Table, tablename="inspections", db=DB):
    """One institution that was drawn, with its inspectors and what they found."""

    id = key()
    draw_id = ref(InspectionDraw)
    certification_id = ref(Certification)
    institution_id = ref(Institution)
    position = smallint()
    first_inspector = uuid(null=True)
    second_inspector = uuid(null=True)
    outcome = text(null=True)
    summary = text(null=True)
    inspected_on = date(null=True)
    recorded_by = uuid(null=True)
    recorded_at = timestamptz(null=True)
    escalated_to = text(null=True)
    escalated_at = timestamptz(null=True)
