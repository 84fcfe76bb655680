"""Writes of certifications: applying, reviewing, granting, assessing, inspecting, restricting, hearing, revoking, selling."""

from marketplace.certifications.operations.appealing import (
    decide_appeal,
    file_appeal,
    withdraw_appeal,
)
from marketplace.certifications.operations.applying import (
    add_evidence,
    open_application,
    submit,
    take_back,
)
from marketplace.certifications.operations.assessing import (
    flag_overdue_assessments,
    order_due_assessments,
)
from marketplace.certifications.operations.attention import (
    call_attention,
)
from marketplace.certifications.operations.correcting import (
    answer_correction,
    request_correction,
)
from marketplace.certifications.operations.escalating import (
    escalate_overdue,
    flag_lapsed_grades,
)
from marketplace.certifications.operations.expiring import (
    expire_due,
)
from marketplace.certifications.operations.firing import (
    fire_deadline,
)
from marketplace.certifications.operations.granting import (
    certify,
)
from marketplace.certifications.operations.inspecting import (
    declare_conflict,
    draw_inspections,
    record_inspection,
)
from marketplace.certifications.operations.objecting import (
    raise_objection,
)
from marketplace.certifications.operations.planting import (
    plant_rubric,
)
from marketplace.certifications.operations.pressing import (
    escalate_uninspected,
)
from marketplace.certifications.operations.proceeding import (
    call_hearing,
    conclude,
    defend,
    hold_hearing,
    notice,
)
from marketplace.certifications.operations.recounting import (
    publish_calendar,
    recount_deadlines,
)
from marketplace.certifications.operations.rectifying import (
    complete_rectification,
    fail_reinspection,
    order_rectification,
    report_rectification,
)
from marketplace.certifications.operations.renewing import (
    renew,
)
from marketplace.certifications.operations.restricting import (
    reinstate,
    state_reasons,
    suspend,
)
from marketplace.certifications.operations.reviewing import (
    advance,
    dismiss_objections,
    extend_decision,
    give_completeness_notice,
    publicise,
    reject,
)
from marketplace.certifications.operations.revoking import (
    request_revocation,
    revoke,
)
from marketplace.certifications.operations.scoring import (
    confirm_result,
    enter_result,
    publish_assessment,
)
from marketplace.certifications.operations.selling import (
    ensure_bookable,
)
from marketplace.certifications.operations.signalling import (
    follow_inspection,
    signal,
    signal_overdue_rectifications,
)
from marketplace.certifications.operations.timing import (
    plant_clocks,
)
from marketplace.certifications.operations.withdrawing import (
    notice_withdrawal,
    withdraw,
)

__all__ = (
    "add_evidence",
    "advance",
    "answer_correction",
    "call_attention",
    "call_hearing",
    "certify",
    "complete_rectification",
    "conclude",
    "confirm_result",
    "decide_appeal",
    "declare_conflict",
    "defend",
    "dismiss_objections",
    "draw_inspections",
    "ensure_bookable",
    "enter_result",
    "escalate_overdue",
    "escalate_uninspected",
    "expire_due",
    "extend_decision",
    "fail_reinspection",
    "file_appeal",
    "fire_deadline",
    "flag_lapsed_grades",
    "flag_overdue_assessments",
    "follow_inspection",
    "give_completeness_notice",
    "hold_hearing",
    "notice",
    "notice_withdrawal",
    "open_application",
    "order_due_assessments",
    "order_rectification",
    "plant_clocks",
    "plant_rubric",
    "publicise",
    "publish_assessment",
    "publish_calendar",
    "raise_objection",
    "record_inspection",
    "recount_deadlines",
    "reinstate",
    "reject",
    "renew",
    "report_rectification",
    "request_correction",
    "request_revocation",
    "revoke",
    "signal",
    "signal_overdue_rectifications",
    "state_reasons",
    "submit",
    "suspend",
    "take_back",
    "withdraw",
    "withdraw_appeal",
)
