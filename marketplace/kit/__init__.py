"""Words of programming, shared by every domain and knowing none."""

from marketplace.kit.absent import absent

# Whoever imports it first would have it load rich, for tracebacks in colour; ours are plain text, see logging.py.
with absent("rich"):
    import structlog as structlog
