"""The standing right to be listed: granted, assessed, restricted and revoked by civil affairs."""
