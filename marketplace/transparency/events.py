"""News of the log."""

from typing import ClassVar

from marketplace.kit.outbox import Audience, Event


class CheckpointPublished(Event, frozen=True, kw_only=True):
    """The checkpoint of a day: keep ``note``, a C2SP signed note, and anyone can later show that the log was rewritten."""

    kind = "audit.checkpoint_published"
    audience: ClassVar[Audience] = "public"

    size: int
    root_hash: str
    note: str
