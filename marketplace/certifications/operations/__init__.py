"""Writes of certifications: applying, reviewing, granting, restricting, hearing, revoking, and the check of every sale."""

from marketplace.certifications.operations.appealing import decide_appeal, file_appeal, withdraw_appeal
from marketplace.certifications.operations.applying import add_evidence, open_application, submit, take_back
from marketplace.certifications.operations.assessing import (
    complete_assessment,
    flag_overdue_assessments,
    order_due_assessments,
)
from marketplace.certifications.operations.expiring import expire_due
from marketplace.certifications.operations.firing import fire_deadline
from marketplace.certifications.operations.granting import certify
from marketplace.certifications.operations.objecting import raise_objection
from marketplace.certifications.operations.proceeding import call_hearing, conclude, defend, hold_hearing, notice
from marketplace.certifications.operations.rectifying import (
    complete_rectification,
    fail_reinspection,
    order_rectification,
    report_rectification,
)
from marketplace.certifications.operations.renewing import renew
from marketplace.certifications.operations.restricting import reinstate, state_reasons, suspend
from marketplace.certifications.operations.reviewing import (
    advance,
    dismiss_objections,
    enter_visit,
    extend_decision,
    publicise,
    reject,
    request_correction,
)
from marketplace.certifications.operations.revoking import request_revocation, revoke
from marketplace.certifications.operations.selling import ensure_bookable
from marketplace.certifications.operations.timing import plant_clocks
from marketplace.certifications.operations.withdrawing import notice_withdrawal, withdraw

__all__ = (
    "add_evidence",
    "advance",
    "call_hearing",
    "certify",
    "complete_assessment",
    "complete_rectification",
    "conclude",
    "decide_appeal",
    "defend",
    "dismiss_objections",
    "ensure_bookable",
    "enter_visit",
    "expire_due",
    "extend_decision",
    "fail_reinspection",
    "file_appeal",
    "fire_deadline",
    "flag_overdue_assessments",
    "hold_hearing",
    "notice",
    "notice_withdrawal",
    "open_application",
    "order_due_assessments",
    "order_rectification",
    "plant_clocks",
    "publicise",
    "raise_objection",
    "reinstate",
    "reject",
    "renew",
    "report_rectification",
    "request_correction",
    "request_revocation",
    "revoke",
    "state_reasons",
    "submit",
    "suspend",
    "take_back",
    "withdraw",
    "withdraw_appeal",
)
