"""The routes of certificates."""

from marketplace.credentials.controllers.certificates import Certificates
from marketplace.credentials.controllers.status_lists import StatusLists

__all__ = ("Certificates", "StatusLists")
