"""Libraries import what else is installed in case somebody asks them to use it; nobody here does, and every start paid."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*packages: str) -> Iterator[None]:
    """Let what is imported meanwhile find these packages not installed, unless they have been imported already."""
    hidden = [package for package in packages if package not in sys.modules]
    # None is how Python is told that there is none.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]
