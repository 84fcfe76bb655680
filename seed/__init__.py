"""A small believable world, planted through operations, never by raw inserts."""
