"""The routes of complaints, incidents and signals."""

from marketplace.quality.controllers.complaints import Complaints
from marketplace.quality.controllers.incidents import Incidents
from marketplace.quality.controllers.signals import Signals

__all__ = ("Complaints", "Incidents", "Signals")
