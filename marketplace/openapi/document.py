"""The OpenAPI document, built from the running code, so that it cannot say anything else."""

import inspect
from string import Formatter
from typing import Any

import msgspec
from litestar import Litestar

from marketplace.kit.errors import DomainError
from marketplace.kit.http.problems import problem
from marketplace.kit.pages import Page
from marketplace.openapi.config import HEADERS, RAW_BODIES
from marketplace.openapi.endpoints import dress, handlers, is_stock
from marketplace.openapi.feed import data_name, data_schema, feed_events
from marketplace.openapi.lists import errors, events, problems
from marketplace.openapi.naming import renamed
from marketplace.openapi.samples import dress_fields, dress_parameter, sample
from marketplace.openapi.vocabulary import CONTENTS, FACTS, HEX, REQUESTS

Json = dict[str, Any]


def published(app: Litestar) -> dict[str, bytes]:
    """Return the published files by name: the specification and the two lists."""
    spec = openapi(app)
    return {
        "openapi.json": msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n",
        "problems.md": problems(spec["components"]["examples"]).encode(),
        "events.md": events(spec["components"]["schemas"]).encode(),
    }


def openapi(app: Litestar) -> Json:
    """Return the OpenAPI document of an application."""
    document = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    _describe(document["components"]["schemas"])
    document = renamed(_tidied(document))
    components = document["components"]
    _add_events(components["schemas"])
    dress_fields(components["schemas"])
    components |= {"headers": HEADERS, "examples": {}}
    for path, method, handler in handlers(app):
        operation = document["paths"][path][method.lower()]
        if operation["operationId"] in RAW_BODIES:
            operation["requestBody"] = RAW_BODIES[operation["operationId"]]
        dress(operation, handler, method)
        _exemplify(operation, components["schemas"])
        components["examples"] |= _refusal_examples(operation)
    # Two methods of one path come in no fixed order.
    components["examples"] = dict(sorted(components["examples"].items()))
    return document


def _add_events(schemas: Json) -> None:
    """Say what an event's data holds; clients must bear types and members that are not listed yet."""
    found = feed_events()
    schemas |= {data_name(event): data_schema(event) for event in found}
    schemas["Event"]["properties"]["type"]["examples"] = [event.kind for event in found]
    schemas["Event"]["properties"]["data"] = {
        "description": "By type, `booking.confirmed` being described by BookingConfirmedData; more may be added.",
        "anyOf": [{"$ref": f"#/components/schemas/{data_name(event)}"} for event in found],
    }


def _describe(schemas: Json) -> None:
    """Say what Litestar does not read from our structs: what they mean, and which refuse unknown fields."""
    for kind in _structs(msgspec.Struct):
        found = schemas.get(kind.__name__, {})
        if set(found.get("properties", ())) == {field.encode_name for field in msgspec.structs.fields(kind)}:
            found.setdefault("description", inspect.cleandoc(kind.__doc__ or ""))
            if kind.__struct_config__.forbid_unknown_fields:
                found["additionalProperties"] = False


def _structs(root: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    return [found for child in root.__subclasses__() for found in (child, *_structs(child))]


def _exemplify(operation: Json, schemas: Json) -> None:
    """Show an example of every parameter, request and answer."""
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter:
            dress_parameter(parameter, schemas)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if shapes := REQUESTS.get(operation["operationId"]):
            content["examples"] = {
                name: {"value": sample(content["schema"], schemas, only=fields)} for name, fields in shapes.items()
            }
        else:
            content["example"] = sample(content["schema"], schemas)
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if "examples" not in content:
                content["example"] = CONTENTS.get(media_type) or sample(content["schema"], schemas)
                if is_stock(response["description"], status):
                    response["description"] = _meaning(content["schema"], schemas)


def _meaning(schema: Json, schemas: Json) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    described = schemas.get(name, {}).get("description") or (Page.__doc__ if name.endswith("Page") else None)
    if described is None:
        raise ValueError(f"{name or 'an answer without a name'} needs a response_description")
    return str(described).splitlines()[0]


def _refusal_examples(operation: Json) -> Json:
    named = {
        code
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
        for code in content.get("examples", ())
    }
    return {
        error.code: {"value": problem(error, detail=error.zh.format(**FACTS), request_id=HEX) | _facts(error)}
        for error in errors()
        if error.code in named
    }


def _facts(error: type[DomainError]) -> Json:
    """Return the members that a refusal adds to its problem, as far as its words name them."""
    named = (name for text in (error.zh, error.en) for _, name, _, _ in Formatter().parse(text) if name)
    return {name: FACTS[name] for name in named if not name.startswith("hint_")}


def _tidied(node: Any) -> Any:
    """Return whole numbers as integers, and prose without reStructuredText's double backticks."""
    if isinstance(node, dict):
        return {key: _tidied(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_tidied(value) for value in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    return node.replace("``", "`") if isinstance(node, str) else node
