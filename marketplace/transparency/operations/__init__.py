"""Writes of the log, the check that nobody else wrote in it, and its checkpoints in the hands of others."""

from marketplace.transparency.operations.sequencing import sequence
from marketplace.transparency.operations.verifying import Finding, Report, verify
from marketplace.transparency.operations.witnessing import publish_checkpoint

__all__ = ("Finding", "Report", "publish_checkpoint", "sequence", "verify")
