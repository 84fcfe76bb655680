"""Who may set and see an institution's prices."""

from uuid import UUID

from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit.audit import Actor
from marketplace.kit.errors import NotFound


def ensure_own(actor: Actor, institution_id: UUID | None) -> None:
    """Let a principal act for its own institution only; None is the platform, which no principal is. Refuses: NotFound."""
    if isinstance(actor, Principal) and not can(actor, Action.HOST, Resource(institution_id=institution_id)):
        raise NotFound
