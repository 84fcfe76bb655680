"""Which migrations this version of the code needs; the runner itself is in ``kit.migrations``, which is slow to import."""

from functools import cache
from pathlib import Path


@cache
def expected_migrations() -> tuple[str, ...]:
    """List the migrations that this version of the code needs, such as ``m0001``."""
    folder = Path(__file__).parents[2] / "migrations" / "versions"
    return tuple(sorted(path.stem.partition("_")[0] for path in folder.glob("m*.py")))
