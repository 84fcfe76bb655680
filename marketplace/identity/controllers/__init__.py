"""The routes of signing in."""

from marketplace.identity.controllers.sessions import SessionCodes, Sessions
from marketplace.identity.controllers.tokens import Tokens

IDENTITY_CONTROLLERS = (SessionCodes, Sessions, Tokens)

__all__ = ("IDENTITY_CONTROLLERS", "SessionCodes", "Sessions", "Tokens")
