"""Certifications, what was decided about them, and the orders to assess them again."""

from piccolo.columns import Text
from piccolo.table import Table

from marketplace.institutions.tables import Institution
from marketplace.kit.columns import boolean, date, integer, jsonb, key, ref, smallint, text, timestamptz, uuid
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


class AssessmentOrder(Table, tablename="assessment_orders", db=DB):
    """An order to assess an institution again, with its scores once it is done."""

    id = key()
    certification_id = ref(Certification)
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


class CertificationClock(Table, tablename="certification_clocks", db=DB):
    """How long a step may take from a day on; the SQL key is clock and day, of which Piccolo is told one."""

    clock = Text(primary_key=True, default=None, null=False)
    effective_from = date()
    length = smallint()
    unit = text()
    silence = text(null=True)
    basis = text()


class CertificationDeadline(Table, tablename="certification_deadlines", db=DB):
    """A period that runs or ran for an application, a certification or a proceeding, and what it was computed with."""

    id = key()
    subject_id = uuid()
    clock = text()
    started_on = date()
    due_on = date()
    due_at = timestamptz()
    policy_from = date()
    silence = text(null=True)
    calendar_version = text()
    is_tentative = boolean()
    status = text()
    closed_at = timestamptz(null=True)
