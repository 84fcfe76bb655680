"""The one table that says who reacts to what.

A row is a message and the operations that react to it; none when it is news for partners only. An operation is called
with those fields of the message that it names, and with ``now``. It must be safe to repeat: a worker may die after the
operation and before it is written down that the message was handled.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from marketplace.bookings import events as booking_events
from marketplace.bookings import jobs as booking_jobs
from marketplace.bookings import operations as bookings
from marketplace.certifications import events as certification_events
from marketplace.certifications import jobs as certification_jobs
from marketplace.certifications import operations as certifications
from marketplace.identity import events as identity_events
from marketplace.kit.outbox import Message
from marketplace.messaging import jobs as messaging_jobs
from marketplace.messaging import operations as messaging
from marketplace.payments import events as payment_events
from marketplace.payments import jobs as payment_jobs
from marketplace.payments import operations as payments
from marketplace.quality import events as quality_events
from marketplace.quality import operations as quality
from marketplace.settlement import events as settlement_events
from marketplace.settlement import jobs as settlement_jobs
from marketplace.settlement import operations as settlement
from marketplace.tours import events as tour_events
from marketplace.tours import jobs as tour_jobs
from marketplace.tours import operations as tours
from marketplace.transparency import events as transparency_events

Operation = Callable[..., Awaitable[Any]]

REACTIONS: dict[type[Message], tuple[Operation, ...]] = {
    identity_events.SessionCodeRequested: (messaging.send_session_code,),
    messaging_jobs.SendMessage: (messaging.deliver,),
    # Bookings
    booking_events.BookingPlaced: (),
    booking_jobs.ExpireHold: (bookings.expire,),
    booking_jobs.ChaseLeg: (bookings.chase,),
    booking_events.BookingPaymentDue: (messaging.tell_of_due_payment,),
    booking_events.BookingPaymentDefaulted: (messaging.tell_of_default,),
    booking_jobs.LapseCharge: (bookings.lapse_charge,),
    booking_events.BookingChargeProposed: (messaging.tell_of_proposed_charge,),
    booking_events.BookingChargeEnded: (),
    booking_events.BookingExtended: (settlement.earn, messaging.tell_of_extension),
    booking_events.BookingAdjusted: (settlement.earn,),
    booking_events.BookingExpired: (),
    booking_events.BookingConfirmed: (messaging.tell_of_confirmation,),
    booking_events.BookingAcknowledged: (),
    booking_events.BookingCheckedIn: (settlement.earn,),
    booking_events.BookingCompleted: (settlement.close_booking,),
    booking_events.BookingCancelled: (
        settlement.close_booking,
        messaging.tell_of_cancellation,
        quality.follow_cancellation,
    ),
    booking_events.BookingDisplaced: (bookings.settle_displaced, messaging.tell_of_displacement),
    booking_events.BookingFreeCancellationOffered: (messaging.tell_of_free_cancellation,),
    booking_events.BookingFreeCancellationLimited: (messaging.tell_of_reinstatement,),
    booking_events.InHouseGuestsAffected: (messaging.tell_of_guests_in_house,),
    booking_events.PaymentArrivedLate: (messaging.tell_of_returned_payment,),
    transparency_events.CheckpointPublished: (messaging.tell_of_checkpoint,),
    # Money
    payment_jobs.ApplyProviderEvent: (bookings.apply_provider_event,),
    payment_jobs.ApplyPayeeEvent: (settlement.apply_payee_event,),
    payment_jobs.CancelPayment: (bookings.close_payment,),
    payment_jobs.SubmitRefund: (payments.submit_refund,),
    payment_events.PaymentSucceeded: (),
    payment_events.PaymentFailed: (),
    payment_events.MovementUnexplained: (messaging.tell_of_unexplained_movement,),
    payment_events.BooksDisagree: (messaging.tell_of_disagreement,),
    payment_events.DisputeOpened: (messaging.tell_of_dispute,),
    payment_events.DisputeDecided: (messaging.tell_of_decided_dispute,),
    payment_events.RefundSucceeded: (messaging.tell_of_refund,),
    payment_events.RefundFailed: (payments.hand_over_refund,),
    payment_events.RefundHandedOver: (messaging.tell_of_refund_by_hand,),
    # Institutions' money
    settlement_jobs.SubmitTransfer: (settlement.submit_transfer,),
    settlement_jobs.SubmitReversal: (settlement.submit_reversal,),
    settlement_events.TransferSucceeded: (),
    settlement_events.TransferOwed: (messaging.tell_of_transfer_owed,),
    settlement_events.HoldTooOld: (messaging.tell_of_old_hold,),
    # Tours
    tour_events.DepartureOpened: (),
    tour_jobs.DecideFormation: (tours.decide_formation,),
    tour_events.DepartureGuaranteed: (messaging.tell_of_guaranteed_departure,),
    tour_events.DepartureNotFormed: (bookings.cancel_departure,),
    # What goes wrong in the house
    quality_events.ComplaintReceived: (quality.follow_complaint, messaging.tell_of_complaint),
    quality_events.ComplaintReferred: (messaging.tell_of_referral,),
    quality_events.ComplaintAnswered: (quality.follow_answer, messaging.tell_of_answer),
    quality_events.IncidentReported: (quality.follow_incident, messaging.tell_of_incident),
    quality_events.IncidentConcluded: (quality.follow_conclusion,),
    # Certification
    certification_events.AssessmentOrdered: (messaging.tell_of_assessment,),
    certification_events.AssessmentPreviewed: (messaging.tell_of_preview,),
    certification_events.AssessmentCorrectionRequested: (messaging.tell_of_correction,),
    certification_jobs.PublishAssessment: (certifications.publish_assessment,),
    certification_events.InspectionsDrawn: (),
    certification_events.InspectionDrawn: (messaging.tell_of_inspection,),
    certification_events.InspectionPublished: (certifications.follow_inspection,),
    certification_events.InspectionEscalated: (messaging.tell_of_uninspected,),
    certification_events.AssessmentEscalated: (messaging.tell_of_escalation,),
    certification_events.CertificationGradeLapsed: (),
    certification_events.CertificationGranted: (),
    certification_events.CertificationUnderRectification: (),
    certification_events.CertificationSuspended: (bookings.offer_free_cancellations,),
    certification_events.CertificationReinstated: (settlement.resume, bookings.limit_free_cancellations),
    certification_events.CertificationRegraded: (),
    certification_events.CertificationAssessmentOverdue: (),
    certification_events.CertificationExpired: (),
    certification_events.CertificationRevoked: (),
    certification_events.CertificationRenewed: (),
    certification_events.CertificationRectificationOverdue: (messaging.tell_of_overdue_rectification,),
    certification_events.CertificationReasonsOverdue: (messaging.tell_of_overdue_reasons,),
    certification_events.DeadlineOverdue: (messaging.tell_of_overdue_step,),
    certification_events.DeadlineMoved: (messaging.tell_of_moved_deadline,),
    certification_events.CertificationRevocationNoticed: (),
    certification_events.CertificationNoticeDismissed: (),
    certification_events.CertificationWithdrawalNoticed: (),
    certification_events.CertificationWithdrawn: (),
    certification_jobs.DeadlinePassed: (certifications.fire_deadline, bookings.end_withdrawn),
}


def by_kind() -> Mapping[str, tuple[type[Message], tuple[Operation, ...]]]:
    """Return the table by the stable name that messages carry in the outbox."""
    return {message.kind: (message, operations) for message, operations in REACTIONS.items()}


async def react(operation: Operation, message: Message, *, now: datetime) -> None:
    """Call an operation with what it names of the message."""
    facts = {name: getattr(message, name) for name in _named(operation) if hasattr(message, name)}
    await operation(**facts, now=now)


@cache
def _named(operation: Operation) -> frozenset[str]:
    return frozenset(inspect.signature(operation).parameters)
