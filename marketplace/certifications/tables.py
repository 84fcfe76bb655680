"""Certifications, what was decided about them, and the orders to assess them again."""

from piccolo.table import Table

from marketplace.institutions.tables import Institution
from marketplace.kit.columns import bigint, boolean, date, integer, jsonb, key, ref, smallint, text, timestamptz, uuid
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
    status_position = integer()


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
