"""The audit log as pure rules: the tree, its signed checkpoints, and how an event is hashed."""

from marketplace.transparency.rules import merkle
from marketplace.transparency.rules.events import FIELDS, hashed, written
from marketplace.transparency.rules.notes import BadNote, Checkpoint, notes_in, opened, origin_of, signed, verifier_key

__all__ = (
    "FIELDS",
    "BadNote",
    "Checkpoint",
    "hashed",
    "merkle",
    "notes_in",
    "opened",
    "origin_of",
    "signed",
    "verifier_key",
    "written",
)
