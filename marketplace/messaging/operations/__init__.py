"""Telling people things, each occasion once, and handing messages to the provider."""

from marketplace.messaging.operations.delivering import deliver
from marketplace.messaging.operations.reminding import remind
from marketplace.messaging.operations.telling_finance import (
    tell_of_decided_dispute,
    tell_of_disagreement,
    tell_of_dispute,
    tell_of_old_hold,
    tell_of_refund_by_hand,
    tell_of_transfer_owed,
    tell_of_unexplained_movement,
)
from marketplace.messaging.operations.telling_guests import (
    send_session_code,
    tell_of_cancellation,
    tell_of_confirmation,
    tell_of_default,
    tell_of_displacement,
    tell_of_due_payment,
    tell_of_extension,
    tell_of_free_cancellation,
    tell_of_guaranteed_departure,
    tell_of_proposed_charge,
    tell_of_refund,
    tell_of_reinstatement,
    tell_of_returned_payment,
)
from marketplace.messaging.operations.telling_of_time import (
    tell_of_moved_deadline,
    tell_of_overdue_reasons,
    tell_of_overdue_rectification,
    tell_of_overdue_step,
)
from marketplace.messaging.operations.telling_quality import (
    tell_of_answer,
    tell_of_complaint,
    tell_of_incident,
    tell_of_referral,
)
from marketplace.messaging.operations.telling_staff import (
    tell_of_assessment,
    tell_of_checkpoint,
    tell_of_correction,
    tell_of_escalation,
    tell_of_guests_in_house,
    tell_of_inspection,
    tell_of_preview,
    tell_of_uninspected,
)
from marketplace.messaging.operations.writing import forget, write

__all__ = (
    "deliver",
    "forget",
    "remind",
    "send_session_code",
    "tell_of_answer",
    "tell_of_assessment",
    "tell_of_cancellation",
    "tell_of_checkpoint",
    "tell_of_complaint",
    "tell_of_confirmation",
    "tell_of_correction",
    "tell_of_decided_dispute",
    "tell_of_default",
    "tell_of_disagreement",
    "tell_of_displacement",
    "tell_of_dispute",
    "tell_of_due_payment",
    "tell_of_escalation",
    "tell_of_extension",
    "tell_of_free_cancellation",
    "tell_of_guaranteed_departure",
    "tell_of_guests_in_house",
    "tell_of_incident",
    "tell_of_inspection",
    "tell_of_moved_deadline",
    "tell_of_old_hold",
    "tell_of_overdue_reasons",
    "tell_of_overdue_rectification",
    "tell_of_overdue_step",
    "tell_of_preview",
    "tell_of_proposed_charge",
    "tell_of_referral",
    "tell_of_refund",
    "tell_of_refund_by_hand",
    "tell_of_reinstatement",
    "tell_of_returned_payment",
    "tell_of_transfer_owed",
    "tell_of_unexplained_movement",
    "tell_of_uninspected",
    "write",
)
