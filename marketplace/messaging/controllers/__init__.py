"""The routes of messaging."""

from marketplace.messaging.controllers.development import Development
from marketplace.messaging.controllers.events import Events

__all__ = ("Development", "Events")
