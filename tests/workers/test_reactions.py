"""The one reaction table is complete: every message has its row, every row a message, every operation its facts."""

import importlib
import inspect
import pkgutil

import msgspec
import pytest

import marketplace
from marketplace.kit.outbox import Message, subclasses
from workers.reactions import REACTIONS

OURS = ("events", "jobs")


def every_message() -> set[type[Message]]:
    for module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if module.name.rpartition(".")[2] in OURS:
            importlib.import_module(module.name)
    return {message for message in subclasses(Message) if message.__module__.startswith("marketplace.")}


def test_every_message_has_a_row_and_every_row_a_message():
    assert set(REACTIONS) == every_message()


def test_kinds_are_names_of_one_message_only():
    kinds = [message.kind for message in REACTIONS]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(
    ("message", "operation"),
    [
        pytest.param(message, operation, id=f"{message.kind} → {operation.__name__}")
        for message, operations in REACTIONS.items()
        for operation in operations
    ],
)
def test_an_operation_gets_from_its_message_what_it_needs(message, operation):
    parameters = inspect.signature(operation).parameters.values()
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    needed = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    fields = {field.name: field.type for field in msgspec.structs.fields(message)}
    assert needed <= fields.keys() | {"now"}
    assert "now" in {parameter.name for parameter in parameters}
    for parameter in parameters:
        if parameter.name in fields:
            assert parameter.annotation == fields[parameter.name]


def test_a_job_is_done_by_somebody():
    assert [
        message.kind for message, operations in REACTIONS.items() if issubclass(message, _job()) and not operations
    ] == []


def _job() -> type[Message]:
    from marketplace.kit.outbox import Job

    return Job


def test_every_entry_of_the_schedule_calls_an_operation_with_now():
    from workers.schedule import PERIODIC, beat_schedule

    for entry in PERIODIC:
        parameters = inspect.signature(entry.run).parameters.values()
        assert [p.name for p in parameters if p.default is p.empty] == ["now"], entry.name
    assert len(beat_schedule()) == len(PERIODIC)
