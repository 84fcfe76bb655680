"""Every operation that changes something leaves a line in the audit log, read from the code itself.

An operation is what a domain's ``operations`` offer. It changes something when SQL that writes can be reached from it,
and it is on record when ``audit.record`` can. What is not on record stands in ``SILENT`` with its reason.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import marketplace

ROOT = Path(marketplace.__path__[0])
WRITES = re.compile(r"\b(INSERT INTO|UPDATE (?!OF\b|SKIP\b)\w+ SET|DELETE FROM)\b")
Function = tuple[str, str]

# What changes nothing that anybody decided, and would only bury what somebody did.
_PART = "a part of an operation of bookings, which is on record whole"
_INBOX = "what the provider said is kept as it came; what follows from it is on record"
_PROOF = "a check that changes nothing but when it was made"
_ROOMS = "rooms are given out anew each time until check-in, which is on record"
SILENT: dict[str, str] = {
    "bookings.assign_rooms": _ROOMS,
    "bookings.verify_inventory": _PROOF,
    "identity.erase_session_code": "the readable copy of a code that was sent, within the hour",
    "identity.touch_session": "every request would be a line",
    "inventory.assign_rooms": _ROOMS,
    "inventory.extend": _PART,
    "inventory.keep": _PART,
    "inventory.note_verification": _PROOF,
    "ledger.take_snapshot": "sums of journals, each of which is on record",
    "payments.collect_missed_events": _INBOX,
    "payments.mark_applied": _INBOX,
    "payments.note_verification": _PROOF,
    "payments.prune_events": _INBOX,
    "payments.receive": _INBOX,
    "pricing.claim": _PART,
    "pricing.extend_promotion": _PART,
    "pricing.give_back_promotion": _PART,
    "pricing.keep_promotion": _PART,
    "pricing.record_deal": _PART,
    "pricing.void_open": _PART,
    "settlement.alarm_old_holds": "an alarm; the transfers that it tells of stay as they are",
    "tours.extend_seat": _PART,
    "tours.keep_seat": _PART,
    "tours.seat": _PART,
    "tours.unseat": _PART,
}


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if "stripe_sandbox" not in found.name:
            yield found.name


@cache
def tree_of(module: str) -> ast.Module | None:
    path = ROOT.parent / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")) if file.exists() else None


@cache
def names_of(module: str) -> dict[str, str]:
    """What a name of a module stands for: ``marketplace.x.operations`` or ``marketplace.x.operations.f``."""
    found = {}
    for node in ast.walk(tree_of(module) or ast.Module([], [])):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("marketplace"):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def functions_of(module: str) -> dict[str, ast.AST]:
    tree = tree_of(module)
    nodes = tree.body if tree else []
    return {node.name: node for node in nodes if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}


def resolve(name: str) -> Function | None:
    """Find where a dotted name is defined, through whatever packages hand it on."""
    module, _, last = name.rpartition(".")
    if not module or tree_of(module) is None:
        return None
    if last in functions_of(module):
        return module, last
    onward = names_of(module).get(last)
    return resolve(onward) if onward and onward != name else None


@cache
def calls(function: Function) -> tuple[Function, ...]:
    """Every function that a function mentions, as far as its imports say: what it calls, and what it hands on."""
    return tuple(found for name in mentions(function) if (found := resolve(name)) is not None)


def mentions(function: Function) -> Iterator[str]:
    module, name = function
    known = names_of(module)
    for node in ast.walk(functions_of(module)[name]):
        if isinstance(node, ast.Name):
            yield known.get(node.id, f"{module}.{node.id}")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield f"{known[node.value.id]}.{node.attr}"


@cache
def writes_itself(function: Function) -> bool:
    module, name = function
    texts = (
        node.value
        for node in ast.walk(functions_of(module)[name])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return any(WRITES.search(text) for text in texts)


def reach(function: Function) -> set[Function]:
    seen, todo = set(), [function]
    while todo:
        found = todo.pop()
        if found not in seen:
            seen.add(found)
            todo += calls(found)
    return seen


def operations() -> dict[str, set[Function]]:
    """Every operation that a domain offers, with all that can be reached from it."""
    found = {}
    for package in sorted({".".join(name.split(".")[:3]) for name in modules() if ".operations" in name}):
        module = importlib.import_module(package)
        offered = getattr(module, "__all__", None) or [n for n in functions_of(package) if not n.startswith("_")]
        for name in offered:
            defined = resolve(f"{package}.{name}")
            if defined is not None:
                found[f"{package.split('.')[1]}.{name}"] = reach(defined)
    return found


def test_whoever_changes_something_is_on_record() -> None:
    record = ("marketplace.kit.audit", "record")
    silent = {
        name
        for name, reached in operations().items()
        if record not in reached and any(writes_itself(function) for function in reached)
    }

    assert silent == set(SILENT)


def test_the_graph_sees_what_is_there() -> None:
    """A test that found nothing would prove nothing: known operations, known writes, a known line."""
    found = operations()
    assert len(found) > 150
    assert ("marketplace.inventory.operations.taking", "release") in found["bookings.cancel"]
    assert ("marketplace.kit.audit", "record") in found["bookings.place"]
    assert writes_itself(("marketplace.certifications.operations.recording", "store"))
