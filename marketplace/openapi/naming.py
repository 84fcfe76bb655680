"""Public names of schemas: the words of the contract, not of our modules."""

import re
from typing import Any

from marketplace.openapi.vocabulary import SCHEMAS

_REFERENCE = "#/components/schemas/"
_PAGE = re.compile(r"^Page_(?:.*\.)?(?P<item>\w+?)_$")


def public_name(name: str) -> str:
    """Return the name under which partners know a schema: ``BookingView`` is a Booking, a page of them a BookingPage."""
    if page := _PAGE.match(name):
        return public_name(page["item"]) + "Page"
    return SCHEMAS.get(name) or name.removesuffix("View")


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with public names, in ``components`` and wherever they are referred to."""
    schemas = document["components"]["schemas"]
    names = {name: public_name(name) for name in schemas}
    if len(set(names.values())) != len(names):
        clashing = sorted(name for name in names if list(names.values()).count(names[name]) > 1)
        raise ValueError(f"schemas would share a public name: {', '.join(clashing)}; say which is which in SCHEMAS")
    document["components"]["schemas"] = {names[name]: schemas[name] | {"title": names[name]} for name in sorted(names)}
    found: dict[str, Any] = _follow(document, names)
    return found


def _follow(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: _REFERENCE + names[value.removeprefix(_REFERENCE)]
            if key == "$ref" and value.startswith(_REFERENCE)
            else _follow(value, names)
            for key, value in node.items()
        }
    return [_follow(value, names) for value in node] if isinstance(node, list) else node
