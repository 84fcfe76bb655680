"""The generated documents in ``openapi/`` are what the code says, are good OpenAPI, and show how everything looks."""

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from marketplace import artefacts
from marketplace.messaging.rules import field_on_the_wire
from marketplace.openapi.endpoints import handlers, kinds
from marketplace.openapi.feed import data_name, feed_events

SPEC = Path(__file__).parents[2] / "openapi" / "openapi.json"
OWN_SHAPE = {("POST /oauth/token", "400"), ("POST /oauth/token", "401"), ("GET /readyz", "503")}


@pytest.fixture(scope="module")
def spec(machine) -> dict:
    return json.loads(SPEC.read_text(encoding="utf-8"))


def operations(spec: dict):
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method.upper()} {path}", operation


def contents(operation: dict):
    for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from holder.get("content", {}).items()


def complaints(spec: dict, schema: dict, value: object) -> list[str]:
    checker = jsonschema.Draft202012Validator(
        schema | {"components": spec["components"]}, format_checker=jsonschema.FormatChecker()
    )
    return [error.message for error in checker.iter_errors(value)]


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
        assert re.fullmatch(r"[A-Z][^·]+ · [\u4e00-\u9fff]+", operation["summary"]), where
        assert operation["description"], where
        assert set(operation["tags"]) <= known, where
        assert operation["tags"], where


def test_every_operation_says_who_may_call_it(spec: dict, app) -> None:
    for path, method, handler in handlers(app):
        security = spec["paths"][path][method.lower()]["security"]
        schemes = {scheme for option in security for scheme in option}
        expected = {"partner" if kind == "partner" else "session" for kind in kinds(handler)}
        assert schemes == expected, f"{method} {path}"


def test_every_refusal_of_ours_is_one_problem_schema(spec: dict) -> None:
    for where, operation in operations(spec):
        for status, response in operation["responses"].items():
            if int(status) < 400 or (where, status) in OWN_SHAPE:
                continue
            content = response["content"]
            assert list(content) == ["application/problem+json"], f"{where} {status}"
            assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}, where
            assert content["application/problem+json"]["examples"], where


def test_every_answer_is_described_and_carries_the_request_id(spec: dict) -> None:
    stock = {"Request fulfilled, document follows", "Document created, URL follows", "Additional response", "Done."}
    for where, operation in operations(spec):
        for status, response in operation["responses"].items():
            assert response["description"] not in stock, f"{where} {status}"
            assert status == "304" or "X-Request-Id" in response["headers"], f"{where} {status}"


def test_every_example_is_valid(spec: dict) -> None:
    """Litestar checks none of them; a wrong one would teach every reader the wrong thing."""
    shared = spec["components"]["examples"]
    for where, operation in operations(spec):
        for parameter in operation.get("parameters", ()):
            examples = [found["value"] for found in parameter.get("examples", {}).values()] or [parameter["example"]]
            for example in examples:
                assert complaints(spec, parameter["schema"], example) == [], f"{where} {parameter['name']}"
        for media_type, content in contents(operation):
            named = content.get("examples", {}).values()
            values = [
                shared[found["$ref"].rpartition("/")[2]]["value"] if "$ref" in found else found["value"]
                for found in named
            ] or [content["example"]]
            for value in values:
                assert complaints(spec, content["schema"], value) == [], f"{where} {media_type}"


def test_what_is_required_is_shown_as_required(spec: dict) -> None:
    keyed = {
        where
        for where, operation in operations(spec)
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter["required"] is True
    }

    assert keyed == {
        "POST /v1/bookings",
        "POST /v1/bookings/{booking_id}/payments",
        "POST /v1/bookings/{booking_id}/cancellation",
        "POST /v1/bookings/{booking_id}/institution-cancellation",
        "POST /v1/bookings/{booking_id}/extensions",
        "POST /v1/bookings/{booking_id}/adjustments",
        "POST /v1/bookings/{booking_id}/credits",
    }


def test_schemas_have_public_names(spec: dict) -> None:
    for name, schema in spec["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)
        assert not name.endswith("View")
        assert schema["title"] == name


def test_requests_refuse_unknown_fields_and_say_so(spec: dict) -> None:
    schemas = spec["components"]["schemas"]
    for where, operation in operations(spec):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            # RFC 6749 §3.2 has the token endpoint ignore parameters that it does not know.
            if "$ref" in content["schema"] and where != "POST /oauth/token":
                body = schemas[content["schema"]["$ref"].rpartition("/")[2]]
                assert body.get("additionalProperties") is False, where


def test_the_schema_of_an_event_is_what_the_feed_writes(spec: dict) -> None:
    raw = {"UUID": "0199a1c2-d3e4-7f60-a1b2-c3d4e5f60718", "date": "2027-06-01", "datetime": "2027-06-01T00:00:00Z"}
    for event in feed_events():
        stored = {
            field.name: 1 if field.type is int else raw.get(getattr(field.type, "__name__", ""), "text")
            for field in msgspec.structs.fields(event)
            if field.name != "partner_id"
        }
        written = {name: field_on_the_wire(name, value) for name, value in stored.items()}
        schema = spec["components"]["schemas"][data_name(event)]
        assert complaints(spec, schema, msgspec.to_builtins(written)) == [], event.kind
        assert set(schema["required"]) == set(written)


def test_every_problem_and_event_is_described() -> None:
    problems = (SPEC.parent / "problems.md").read_text(encoding="utf-8")
    events = (SPEC.parent / "events.md").read_text(encoding="utf-8")

    for code in ("not_available", "institution_not_bookable", "idempotency_key_reused", "quote_expired"):
        assert f"`{code}`" in problems
    for kind in ("booking.confirmed", "certification.revoked", "departure.guaranteed", "refund.succeeded"):
        assert f"## `{kind}`" in events
    assert "partner_id" not in events


async def test_the_documents_are_served_as_they_are_committed(client) -> None:
    for path, name in (
        ("/openapi.json", "openapi.json"),
        ("/docs/problems", "problems.md"),
        ("/docs/events", "events.md"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.content == (SPEC.parent / name).read_bytes()


async def test_the_specification_is_built_once_and_revalidated(client, monkeypatch) -> None:
    first = await client.get("/openapi.json")
    monkeypatch.setattr("marketplace.openapi.controllers.published", pytest.fail)

    again = await client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.content == b""


async def test_the_reference_page_asks_nobody_else(client) -> None:
    """The page names only our own files, and its policy lets the browser load nothing else."""
    page = await client.get("/docs")
    links = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)

    assert len(links) >= 4
    for link in links:
        assert re.fullmatch(r"/docs/assets/[a-z0-9.-]+", link)
        assert (await client.get(link)).status_code == 200
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"https?:", page.headers["content-security-policy"])
    assert not re.search(r"https?://", (await client.get("/docs/assets/start.js")).text)


@pytest.mark.parametrize("path", ["", "/openapi.json", "/redoc", "/swagger", "/elements"])
async def test_the_framework_serves_no_page_of_its_own(client, path) -> None:
    answer = await client.get(f"/_openapi{path}")

    assert answer.status_code == 404
    assert "script" not in answer.text


async def test_a_file_that_is_not_ours_is_not_found(client) -> None:
    assert (await client.get("/docs/assets/swagger-ui.js")).status_code == 404
    assert (await client.get("/docs/assets/..%2fpackage.json")).status_code == 404
