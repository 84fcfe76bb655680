"""What comes over the wire: bracketed forms into nested values, nested values into checked Structs."""

import re
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from marketplace.embedded.stripe_sandbox.errors import Json, StripeError, invalid

_MAX_FIELDS = 1_000
_MAX_DEPTH = 8

Shape = TypeVar("Shape", bound="Params")


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters one verb accepts; whatever is not named is refused, as Stripe does."""


def decode_form(raw: bytes) -> Json:
    """Turn `a[b][0]=x&c[]=y` into `{"a": {"b": ["x"]}, "c": ["y"]}`.

    Refuses: bytes that are not UTF-8, more than 1,000 fields, nesting deeper than 8, one name as value and as group.
    """
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise invalid("Invalid request: the form could not be read.") from error
    root: Json = {}
    for key, value in pairs:
        _plant(root, key.replace("]", "").split("["), value)
    return {key: value if key == "metadata" else _listed(value) for key, value in root.items()}


def read(params: Json, shape: type[Shape]) -> Shape:
    """Check parameters against their Struct; texts become numbers and booleans on the way.

    Refuses: an unknown parameter, a missing one, a value of the wrong kind, each named as `a[b][0]`.
    """
    try:
        return msgspec.convert(params, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def check_metadata(metadata: dict[str, str], param: str = "metadata") -> None:
    """Hold Stripe's limits: 50 keys, 40 characters each, values of 500.

    Refuses: anything beyond them.
    """
    if len(metadata) > 50:
        raise invalid("You can only have up to 50 metadata keys.", param=param)
    for key, value in metadata.items():
        if not 1 <= len(key) <= 40 or len(value) > 500:
            raise invalid(
                f"Metadata keys can be up to 40 characters and values up to 500 characters long: {key[:40]}",
                param=f"{param}[{key[:40]}]",
            )


def _plant(root: Json, steps: list[str], value: str) -> None:
    if len(steps) > _MAX_DEPTH:
        raise invalid("Invalid request: parameters are nested too deeply.", param=steps[0])
    node = root
    for step in steps[:-1]:
        node = node.setdefault(step or str(len(node)), {})
        if not isinstance(node, dict):
            raise invalid(f"Invalid request: {steps[0]} is both a value and a group.", param=steps[0])
    last = steps[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise invalid(f"Invalid request: {steps[0]} is both a value and a group.", param=steps[0])
    node[last] = value


def _listed(value: Any) -> Any:
    """Read groups whose names are 0, 1, 2 … as lists; the SDK sends every list that way."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: item if key == "metadata" else _listed(item) for key, item in value.items()}


def _refusal(message: str) -> StripeError:
    """Translate msgspec's sentence into Stripe's, with the parameter's bracketed name."""
    reason, _, place = message.partition(" - at `")
    path = re.findall(r"[^.$\[\]`]+", place)
    if named := re.search(r"field `(\w+)`", reason):
        param = _bracketed([*path, named[1]])
        if "unknown" in reason:
            sentence = f"Received unknown parameter: {param} (or one that the sandbox does not model)"
            return invalid(sentence, param=param, code="parameter_unknown")
        return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    param = _bracketed(path)
    code = "parameter_invalid_integer" if "`int`" in reason else None
    return invalid(f"Invalid {param}: {reason}.", param=param, code=code)


def _bracketed(path: list[str]) -> str:
    head, *rest = path or ["request"]
    return head + "".join(f"[{step}]" for step in rest)
