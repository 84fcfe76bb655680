"""Generated requests of everybody: of who need not be known, families and partners first, and of officers last."""

import os

import pytest

from .conftest import Server, operations

# The first test waits for the whole world of the callers, which on a crowded machine is minutes.
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("unlimited")]

# Every boundary and malformation of what staff send takes half a minute more.
THOROUGH = "CONTRACT_THOROUGH" in os.environ
GUESTS = {"anyone", "family", "partner"}
STAFF = {"institution", "finance"}


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: callers[0] in GUESTS))
def test_guests(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, callers[0], boundaries=True)


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: "partner" in callers[1:]))
def test_partners_where_families_were_first(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, "partner", boundaries=False)


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: callers[0] in STAFF))
def test_staff(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, callers[0], boundaries=THOROUGH)


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: "institution" in callers[1:]))
def test_institutions_where_guests_were_first(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, "institution", boundaries=False)


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: callers == ["officer"]))
def test_officers_last_because_they_revoke(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, "officer", boundaries=THOROUGH)
