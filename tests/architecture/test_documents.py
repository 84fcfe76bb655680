"""The generated documents in ``openapi/`` are what the code says, and are good OpenAPI."""

import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from marketplace import artefacts

SPEC = Path(__file__).parents[2] / "openapi" / "openapi.json"


@pytest.fixture(scope="module")
def spec(machine) -> dict:
    return json.loads(SPEC.read_text(encoding="utf-8"))


def operations(spec: dict):
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method.upper()} {path}", operation


def test_the_documents_are_in_step(machine) -> None:
    assert artefacts.stale() == [], "run `marketplace openapi`"


def test_the_specification_is_valid(spec: dict) -> None:
    assert spec["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []


def test_every_operation_is_named_summarised_and_tagged(spec: dict) -> None:
    known = {tag["name"] for tag in spec["tags"]}
    names = [operation["operationId"] for _, operation in operations(spec)]

    assert len(names) == len(set(names))
    for where, operation in operations(spec):
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"]), where
        assert operation.get("summary"), where
        assert set(operation["tags"]) <= known, where
        assert operation["tags"], where


def test_every_refusal_of_ours_is_one_problem_schema(spec: dict) -> None:
    for where, operation in operations(spec):
        for status, response in operation["responses"].items():
            if int(status) < 400 or where.startswith("POST /oauth/token") or "/readyz" in where:
                continue
            content = response["content"]
            assert list(content) == ["application/problem+json"], f"{where} {status}"
            assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}, where


def test_every_problem_and_event_is_described() -> None:
    problems = (SPEC.parent / "problems.md").read_text(encoding="utf-8")
    events = (SPEC.parent / "events.md").read_text(encoding="utf-8")

    for code in ("not_available", "institution_not_bookable", "idempotency_key_reused", "quote_expired"):
        assert f"`{code}`" in problems
    for kind in ("booking.confirmed", "certification.revoked", "departure.guaranteed", "refund.succeeded"):
        assert f"## `{kind}`" in events
