"""Examples of whole bodies, put together from the examples of their fields, so that they cannot contradict them."""

from typing import Any

from marketplace.openapi.vocabulary import DAY, EXAMPLES, HEX, INSTANT, PREFIXES

Json = dict[str, Any]

_BY_FORMAT = {"date": DAY, "date-time": INSTANT}


def dress_fields(schemas: Json) -> None:
    """Give every field of every schema what it lacks: the pattern of an id, and an example."""
    for name, schema in schemas.items():
        for field, found in schema.get("properties", {}).items():
            _dress(found, name, field)


def dress_parameter(parameter: Json, schemas: Json) -> None:
    """Give a parameter what it lacks; one in the query or a header is left out rather than null."""
    schema = parameter["schema"]
    schema.pop("description", None)
    for option in schema.pop("oneOf", []):
        if option.get("type") != "null":
            schema.update(option)
    if parameter["in"] == "header":
        # Litestar takes it as optional, so that its absence is refused in our own words.
        schema |= {"minLength": 1, "maxLength": 255}
        parameter["required"] = True
    _dress(schema, "Query", parameter["name"])
    examples = schema.pop("examples", None)
    if "examples" not in parameter:
        parameter["example"] = examples[0] if examples else sample(schema, schemas)


def sample(schema: Json, schemas: Json, *, name: str = "", only: tuple[str, ...] = ()) -> Any:
    """Return an example of a schema, which may be called ``name``; of an object, with ``only`` some of its fields."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return sample(schemas[name], schemas, name=name, only=only)
    if several := schema.get("examples") or schema.get("enum"):
        return several[0]
    if options := schema.get("oneOf") or schema.get("anyOf"):
        return sample(options[0], schemas, name=name)
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {
            field: EXAMPLES[known]
            if (known := f"{name}.{field}") in EXAMPLES
            else sample(fields[field], schemas, name=known)
            for field in only or fields
        }
    if schema.get("type") == "array":
        return [sample(schema["items"], schemas, name=name)]
    return _plain(schema, name)


def _plain(schema: Json, name: str) -> Any:
    if "default" in schema:
        return schema["default"]
    match schema.get("type"):
        case "boolean":
            return False
        case "string" if schema.get("format") in _BY_FORMAT:
            return _BY_FORMAT[schema["format"]]
        case "integer" | "number":
            return schema.get("minimum", 1)
    raise ValueError(f"{name or 'a schema'} has no example: give it one with Meta(examples=[…]) or in the vocabulary")


def _dress(schema: Json, owner: str, field: str) -> None:
    prefix = PREFIXES.get(f"{owner}.{field}") or PREFIXES.get(field)
    options = [schema, *schema.get("oneOf", [])]
    text = next((option for option in options if option.get("type") == "string"), None)
    if text is not None and prefix is not None:
        for option in options:
            option.pop("maxLength", None)
        text["pattern"] = f"^{prefix}_[0-9a-f]{{32}}$"
        schema["examples"] = [f"{prefix}_{HEX}"]
    elif "examples" not in schema and "enum" not in schema:
        known = next((key for key in (f"{owner}.{field}", field) if key in EXAMPLES), None)
        if known is not None and not any("$ref" in option or "properties" in option for option in options):
            schema["examples"] = [EXAMPLES[known]]
