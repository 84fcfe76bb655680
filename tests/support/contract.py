"""Every answer that any test gets from the API is held against the published contract."""

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import msgspec

from marketplace.openapi.lists import ANYWHERE

NAME = "urn:houniao:openapi"
# That it says what the code says is proved once, by test_documents.py; to build it takes a process seconds.
PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"


class Contract:
    """The published operations, found by the requests that they answer."""

    def __init__(self) -> None:
        self.spec = msgspec.json.decode(PUBLISHED.read_bytes())
        self.operations = [
            (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation)
            for path, item in self.spec["paths"].items()
            for method, operation in item.items()
        ]
        # The document is read once for all validators: each on its own would read every component again.
        document = self.spec | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        self.registry = jsonschema_rs.Registry([(NAME, document)])
        self.validator = cache(self._validator)

    async def check(self, answer: httpx.Response) -> None:
        """Compare an answer with what its operation documents: status, media type, body, and the code of a refusal."""
        await answer.aread()
        operation = self._operation(answer.request)
        if operation is None or answer.status_code in (405, 500):
            return
        where = f"{operation['operationId']} {answer.status_code}"
        assert str(answer.status_code) in operation["responses"], f"{where} is not in the contract: {answer.text}"
        content = operation["responses"][str(answer.status_code)].get("content", {})
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if not content or media_type == "text/html":
            return
        assert media_type in content, f"{where} is not in the contract as {media_type}"
        if media_type == "application/json" or media_type.endswith("+json"):
            body = answer.json()
            for error in self.validator(operation["operationId"], answer.status_code, media_type).iter_errors(body):
                place = "/".join(map(str, error.instance_path))
                raise AssertionError(f"{where} breaks the contract at /{place}: {error.message}")
            if media_type == "application/problem+json":
                known = ANYWHERE.union(content[media_type]["examples"])
                assert body["code"] in known, f"{where}: {body['code']} is not in the contract"

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        path = request.url.path
        found = [op for method, shape, op in self.operations if method == request.method and shape.fullmatch(path)]
        return found[0] if found else None

    def _validator(self, operation_id: str, status: int, media_type: str) -> jsonschema_rs.Draft202012Validator:
        path, method = next(
            (path, method)
            for path, item in self.spec["paths"].items()
            for method, operation in item.items()
            if operation["operationId"] == operation_id
        )
        steps = ("paths", path, method, "responses", str(status), "content", media_type, "schema")
        pointer = "/".join(quote(step.replace("~", "~0").replace("/", "~1")) for step in steps)
        return jsonschema_rs.Draft202012Validator({"$ref": f"{NAME}#/{pointer}"}, registry=self.registry)
