"""The demo world: real places, made-up institutions, planted through operations and never by raw inserts."""
