"""The procedure: its clocks and deadlines, applications, rectifications, proceedings and appeals."""

from piccolo.columns import Text
from piccolo.table import Table

from marketplace.certifications.tables.register import Certification
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import boolean, date, integer, jsonb, key, ref, smallint, text, timestamptz, uuid
from marketplace.kit.db import DB


class CertificationClock(Table, tablename="certification_clocks", db=DB):
    """How long a step may take from a day on; the SQL key is clock and day, of which Piccolo is told one."""

    clock = Text(primary_key=True, default=None, null=False)
    effective_from = date()
    length = smallint()
    unit = text()
    silence = text(null=True)
    basis = text()
    status = text()


class CertificationPolicy(Table, tablename="certification_policies", db=DB):
    """A number of the procedure from a day on; the SQL key is code and day, of which Piccolo is told one."""

    code = Text(primary_key=True, default=None, null=False)
    effective_from = date()
    value = jsonb()
    status = text()
    source = text()


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
    is_set = boolean()
    escalated_to = text(null=True)
    escalated_at = timestamptz(null=True)


class CertificationApplication(Table, tablename="certification_applications", db=DB):
    """An application, from its draft to a certificate, a refusal or its end otherwise."""

    id = key()
    institution_id = ref(Institution)
    kind = text()
    certification_id = ref(Certification, null=True)
    status = text()
    defects = text(null=True)
    corrected = boolean()
    extended = boolean()
    publicity_from_on = date(null=True)
    publicity_until_on = date(null=True)
    publicity_ends_at = timestamptz(null=True)
    facts = text(null=True)
    legal_basis = text(null=True)
    rights = text(null=True)
    locked_until_on = date(null=True)
    version = integer()
    opened_at = timestamptz()
    submitted_at = timestamptz(null=True)
    decided_at = timestamptz(null=True)


class CertificationEvidence(Table, tablename="certification_evidence", db=DB):
    """A document that an application rests on."""

    id = key()
    application_id = ref(CertificationApplication)
    kind = text()
    reference = text()
    issued_by = text(null=True)
    valid_until_on = date(null=True)
    added_at = timestamptz()


class CertificationObjection(Table, tablename="certification_objections", db=DB):
    """What was brought forward against an application during its publicity."""

    id = key()
    application_id = ref(CertificationApplication)
    statement = text()
    raised_kind = text()
    raised_by = uuid()
    raised_at = timestamptz()
    outcome = text(null=True)
    answer = text(null=True)
    answered_by = uuid(null=True)
    answered_at = timestamptz(null=True)


class CertificationApplicationHistory(Table, tablename="certification_application_history", db=DB):
    """The steps of an application, append-only."""

    id = key()
    application_id = ref(CertificationApplication)
    event = text()
    status = text()
    reason = text(null=True)
    actor_kind = text()
    decided_by = uuid(null=True)
    decided_level = text(null=True)
    decided_at = timestamptz()


class CertificationRectification(Table, tablename="certification_rectifications", db=DB):
    """A defect to be put right, the institution's report, and what the second visit found."""

    id = key()
    certification_id = ref(Certification)
    status = text()
    defect = text()
    is_of_safety = boolean()
    ordered_by = uuid()
    ordered_at = timestamptz()
    due_on = date()
    report = text(null=True)
    reported_by = uuid(null=True)
    reported_at = timestamptz(null=True)
    finding = text(null=True)
    inspected_by = uuid(null=True)
    inspected_at = timestamptz(null=True)


class CertificationCase(Table, tablename="certification_cases", db=DB):
    """A proceeding against an institution: what it was told, what it answered, and what became of that."""

    id = key()
    certification_id = ref(Certification)
    kind = text()
    status = text()
    facts = text()
    legal_basis = text(null=True)
    rights = text(null=True)
    opened_by = uuid()
    opened_level = text()
    opened_at = timestamptz()
    noticed_at = timestamptz(null=True)
    defence = text(null=True)
    waived = boolean()
    defended_at = timestamptz(null=True)
    hearing_requested_at = timestamptz(null=True)
    hearing_called_at = timestamptz(null=True)
    hearing_on = date(null=True)
    hearing_record = text(null=True)
    heard_at = timestamptz(null=True)
    defence_outcome = text(null=True)
    concluded_by = uuid(null=True)
    concluded_at = timestamptz(null=True)
    decided_at = timestamptz(null=True)


class CertificationAppeal(Table, tablename="certification_appeals", db=DB):
    """An appeal (行政复议) against a decision in a proceeding, or against the refusal of an application."""

    id = key()
    institution_id = ref(Institution)
    certification_id = ref(Certification, null=True)
    case_id = ref(CertificationCase, null=True)
    application_id = ref(CertificationApplication, null=True)
    status = text()
    grounds = text()
    filed_at = timestamptz()
    accepted_at = timestamptz(null=True)
    stay_reason = text(null=True)
    stayed_at = timestamptz(null=True)
    stayed_level = text(null=True)
    stay_ended_at = timestamptz(null=True)
    extended = boolean()
    decision = text(null=True)
    decided_by = uuid(null=True)
    decided_at = timestamptz(null=True)
