"""Every event that a partner may see has a shape on the wire."""

import importlib
import pkgutil
from uuid import UUID

import msgspec

import marketplace
from marketplace.kit.money import Money
from marketplace.kit.outbox import Event, subclasses
from marketplace.messaging.rules import HIDDEN, field_on_the_wire, is_money

for _module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
    if _module.name.endswith(".events"):
        importlib.import_module(_module.name)
FEED = [event for event in subclasses(Event) if event.audience != "nobody"]


def test_ids_have_prefixes_and_amounts_are_money():
    for event in FEED:
        for field in msgspec.structs.fields(event):
            where = f"{event.kind}: {field.name}"
            if field.name in HIDDEN:
                continue
            if field.type is UUID:
                assert field_on_the_wire(field.name, str(UUID(int=1))).endswith(f"_{'0' * 31}1"), where
            if is_money(field.name):
                assert field.type is int, where
                assert field_on_the_wire(field.name, 428_000) == Money(428_000), where


def test_no_event_carries_a_fact_about_a_person():
    personal = {"name", "phone", "email", "contact", "guests", "code", "address"}
    for event in FEED:
        assert not personal & {field.name for field in msgspec.structs.fields(event)}, event.kind


def test_an_event_for_one_partner_says_which():
    for event in FEED:
        names = {field.name for field in msgspec.structs.fields(event)}
        assert ("partner_id" in names) == (event.audience == "partner"), event.kind
