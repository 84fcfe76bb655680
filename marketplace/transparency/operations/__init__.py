"""Writes of the log, and the check that nobody else wrote in it."""

from marketplace.transparency.operations.sequencing import sequence
from marketplace.transparency.operations.verifying import Finding, Report, verify

__all__ = ("Finding", "Report", "sequence", "verify")
