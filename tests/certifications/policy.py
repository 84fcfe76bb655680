"""The numbers of the procedure that tests of pure rules count with; a test compares them with the rows."""

from datetime import date

from marketplace.certifications.rules import Policy, SignalKind, Trigger
from marketplace.certifications.states import Status

TODAY = date(2027, 3, 1)
POLICY = Policy(
    validity_years=3,
    begins_months_max=12,
    certifiable_grade=3,
    assessment_months=12,
    assessment_months_of={1: 6, 2: 6},
    assessment_months_at_risk=6,
    assessment_notice_days=30,
    grade_fresh_months=12,
    grade_caps={Status.UNDER_RECTIFICATION: 2, Status.SUSPENDED: 1, Status.REVOCATION_NOTICED: 1},
    abuse_cap=1,
    abuse_months=36,
    inspection_share_bps=1_000,
    draw_notice_days=7,
    inspection_days=60,
    triggers={
        SignalKind.COMPLAINT: Trigger(count=3, within_days=90, due_days=30),
        SignalKind.INCIDENT: Trigger(count=1, within_days=1, due_days=10),
        SignalKind.OVERDUE_RECTIFICATION: Trigger(count=1, within_days=1, due_days=10),
        SignalKind.INSTITUTION_CANCELLATION: Trigger(count=2, within_days=90, due_days=30),
        SignalKind.INSPECTION: Trigger(count=1, within_days=1, due_days=15),
        SignalKind.CONFIRMED_ABUSE: Trigger(count=1, within_days=1, due_days=5),
    },
    incident_severities=("serious", "grave"),
    risk_signal_count=3,
    risk_days=365,
    escalation_days=15,
    overdue_escalation_days=5,
    hearing_within_days=90,
    plaque_text="旅居养老认定机构",
)
