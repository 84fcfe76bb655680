"""Orders that the procedure gives itself for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class DeadlinePassed(Job, frozen=True, kw_only=True):
    """A period has passed in which nobody acted; what follows from that is done, unless somebody did after all."""

    kind = "certification.deadline_passed"

    deadline_id: UUID
