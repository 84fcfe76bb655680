"""Orders that certification leaves for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class PublishAssessment(Job, frozen=True, kw_only=True):
    """Publish a result whose preview is over, unless a correction is still to be answered."""

    kind = "certifications.publish_assessment"

    assessment_id: UUID
