"""Every answer of the sandbox, and every event that it sends, held against the excerpt of Stripe's OpenAPI document."""

import json
import re
from collections import Counter
from typing import Any

import httpx
import jsonschema

from tests.support.stripe_excerpt import EXCERPT


class StripeContract:
    """Gathers what is wrong; an answer of a shape that has been held against the document is not held again."""

    def __init__(self) -> None:
        excerpt = json.loads(EXCERPT.read_text())
        self.version: str = excerpt["version"]
        self.wrong: Counter[str] = Counter()
        self.held = 0
        self.paths: dict[str, dict[str, Any]] = excerpt["paths"]
        self._schemas = {"components": {"schemas": excerpt["schemas"]}}
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", r"\\w+", path)), operations) for path, operations in self.paths.items()
        ]
        self._seen: set[str] = set()

    def answer(self, answer: httpx.Response) -> None:
        """Hold one answer against what its operation answers, or against the error that every operation may answer."""
        path = answer.request.url.path
        if not path.startswith("/v1/"):
            return
        operations = next((found for pattern, found in self._paths if pattern.fullmatch(path)), {})
        schema = operations.get(answer.request.method) if answer.status_code == 200 else _ref("error")
        where = f"{answer.request.method} {path.rpartition('/')[0]} {answer.status_code}"
        if schema is None:
            self.wrong[f"{where}: the document has no such operation"] += 1
            return
        self._hold(answer.json(), schema, where)

    def event(self, event: dict[str, Any]) -> None:
        """Hold one event and the object in it against their schemas."""
        self._hold(event, _ref("event"), event["type"])
        thing = event["data"]["object"]
        self._hold(thing, _ref(thing["object"]), f"{event['type']} {thing['object']}")

    def _hold(self, body: Any, schema: dict[str, Any], where: str) -> None:
        shape = f"{where} {_shape(body)}"
        if shape in self._seen:
            return
        self._seen.add(shape)
        self.held += 1
        for error in jsonschema.Draft202012Validator(schema | self._schemas).iter_errors(body):
            self.wrong[f"{where} {error.json_path}: {error.message[:200]}"] += 1


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _shape(node: Any) -> Any:
    """Write a body with the values left out that no schema tells apart: numbers, and texts that are not one short word."""
    if isinstance(node, dict):
        return {name: _shape(item) for name, item in sorted(node.items())}
    if isinstance(node, list):
        return sorted({str(_shape(item)) for item in node})
    if isinstance(node, str):
        return node if re.fullmatch(r"[a-z_.]{1,40}", node) else "…"
    return node if node is None or isinstance(node, bool) else type(node).__name__
