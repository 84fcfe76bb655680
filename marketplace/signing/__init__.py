"""Keys that sign in the name of this service: made, kept sealed, rotated; their public halves published for good."""
