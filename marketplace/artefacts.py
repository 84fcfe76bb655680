"""Writes the generated documents into ``openapi/`` and says when they no longer match the code."""

from pathlib import Path

from marketplace.app import create_app
from marketplace.openapi.document import published

FOLDER = Path(__file__).parents[1] / "openapi"


def write() -> None:
    """Write every generated file."""
    FOLDER.mkdir(exist_ok=True)
    for name, body in published(create_app()).items():
        (FOLDER / name).write_bytes(body)


def stale() -> list[str]:
    """Name the generated files that differ from what the code says."""
    return [
        name
        for name, body in published(create_app()).items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != body
    ]
