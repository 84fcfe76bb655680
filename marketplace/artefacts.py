"""Writes the generated documents into ``openapi/`` and says when they no longer match the code."""

from pathlib import Path

import msgspec

from marketplace.app import create_app
from marketplace.openapi import document

FOLDER = Path(__file__).parents[1] / "openapi"


def render() -> dict[str, bytes]:
    """Return the generated files by name."""
    app = create_app()
    spec = msgspec.json.format(msgspec.json.encode(document.openapi(app), order="sorted"), indent=2)
    return {
        "openapi.json": spec + b"\n",
        "problems.md": document.problems().encode(),
        "events.md": document.events().encode(),
    }


def write() -> None:
    """Write every generated file."""
    FOLDER.mkdir(exist_ok=True)
    for name, body in render().items():
        (FOLDER / name).write_bytes(body)


def stale() -> list[str]:
    """Name the generated files that differ from what the code says."""
    return [
        name
        for name, body in render().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != body
    ]
