"""From a held room to a completed stay: placing, paying, cancelling, expiring, and what a revocation displaces."""
