"""Orders that certification leaves for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class PublishAssessment(Job, frozen=True, kw_only=True):
    """Publish a result whose preview is over, unless a correction is still to be answered."""

    kind = "certifications.publish_assessment"

    assessment_id: UUID


class DeadlinePassed(Job, frozen=True, kw_only=True):
    """A period has passed in which nobody acted; what follows from that is done, unless somebody did after all."""

    kind = "certification.deadline_passed"

    deadline_id: UUID
