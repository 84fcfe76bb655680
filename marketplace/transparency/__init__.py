"""The audit log made tamper-evident: a Merkle tree (RFC 9162) over every operation, with signed checkpoints."""
