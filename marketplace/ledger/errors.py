"""What the ledger refuses: faults of ours, never of a caller."""


class JournalDiffers(RuntimeError):
    """A journal of the same name says something else: one of the two is wrong, and people must see it."""


class Unbalanced(RuntimeError):
    """A journal does not sum to zero in every currency."""
