"""What an object of Stripe must look like by the types that the SDK publishes, which are made from Stripe's document.

Each property known, each required one there, each value of its type, each closed list of words kept. The document
itself judges every answer in ``stripe_contract``; it knows no property as unknown, and the SDK is of a later version.
"""

import types
import typing
from functools import cache
from typing import Any

import stripe
from stripe._object_classes import OBJECT_CLASSES, get_object_class

_PLAIN = {int: int, str: str, bool: bool, float: (int, float)}
_ABSENT = object()


def faults(thing: Any) -> list[str]:
    """Hold one object against the SDK's class of its name; returns what is wrong with it, by path."""
    return list(_object(thing, thing.get("object", "?"), _class_of(thing)))


def _object(thing: Any, path: str, cls: type | None) -> typing.Iterator[str]:
    if cls is None:
        yield f"{path}: the SDK knows no such object"
        return
    if not isinstance(thing, dict):
        yield f"{path}: {type(thing).__name__} instead of an object"
        return
    hints = _hints(cls)
    for name in thing.keys() - hints.keys():
        yield f"{path}.{name}: the SDK's {cls.__qualname__} has no such property"
    for name, hint in hints.items():
        value = thing.get(name, _ABSENT)
        if value is _ABSENT:
            if not _may_be_none(hint):
                yield f"{path}.{name}: is missing"
            continue
        yield from _value(value, f"{path}.{name}", hint)


def _value(value: Any, path: str, hint: Any) -> typing.Iterator[str]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        tries = [list(_value(value, path, choice)) for choice in typing.get_args(hint)]
        if all(tries):
            yield min(tries, key=len)[0]
    elif hint is type(None):
        if value is not None:
            yield f"{path}: {value!r} instead of null"
    elif origin is typing.Literal:
        if value not in typing.get_args(hint):
            yield f"{path}: {value!r} is none of {typing.get_args(hint)}"
    elif hint in _PLAIN:
        if not isinstance(value, _PLAIN[hint]) or (hint is not bool and isinstance(value, bool)):
            yield f"{path}: {value!r} is no {hint.__name__}"
    else:
        yield from _composed(value, path, hint, origin)


def _composed(value: Any, path: str, hint: Any, origin: Any) -> typing.Iterator[str]:
    bare = origin or hint
    if isinstance(hint, typing.ForwardRef):
        yield from _named(value, path, hint.__forward_arg__)
    elif bare is list:
        if not isinstance(value, list):
            yield f"{path}: {type(value).__name__} instead of a list"
            return
        for number, item in enumerate(value):
            yield from _value(item, f"{path}[{number}]", typing.get_args(hint)[0])
    elif bare is dict or getattr(bare, "__name__", "") in ("UntypedStripeObject", "StripeObject"):
        if not isinstance(value, dict):
            yield f"{path}: {type(value).__name__} instead of an object"
    elif getattr(bare, "__name__", "") == "ListObject":
        yield from _list(value, path)
    elif bare is not Any:
        yield from _object(value, path, bare)


def _named(value: Any, path: str, name: str) -> typing.Iterator[str]:
    """Hold another object in its whole against its class; it says itself what it is."""
    cls = _class_of(value)
    if cls is None or cls.__name__ != name.rsplit(".", 1)[-1]:
        yield f"{path}: is no {name}"
    else:
        yield from _object(value, path, cls)


def _list(value: Any, path: str) -> typing.Iterator[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        yield f"{path}: no list object"
        return
    for number, item in enumerate(value["data"]):
        yield from _object(item, f"{path}[{number}]", _class_of(item))


def _class_of(thing: Any) -> type | None:
    name = thing.get("object") if isinstance(thing, dict) else None
    return _class_named(name) if isinstance(name, str) and name in OBJECT_CLASSES else None


@cache
def _class_named(name: str) -> type:
    return get_object_class("V1", name)


@cache
def _hints(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("stripe") and base is not stripe.StripeObject:
            found |= vars(base).get("__annotations__", {})
    return {name: hint for name, hint in found.items() if not name.startswith("_") and name != "OBJECT_NAME"}


def _may_be_none(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_may_be_none(choice) for choice in typing.get_args(hint))
    return hint in (type(None), Any)
