"""Generated requests of whoever may ask without being known, of families and of partners."""

import pytest

from .conftest import Server, operations

# The first test waits for the whole world of the callers, which on a crowded machine is minutes.
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("unlimited")]

GUESTS = {"anyone", "family", "partner"}


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: callers[0] in GUESTS))
def test_the_first_of_its_callers(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, callers[0], boundaries=True)


@pytest.mark.parametrize(("name", "callers"), operations(lambda callers: "partner" in callers[1:]))
def test_partners_where_families_were_first(server: Server, name: str, callers: list[str]) -> None:
    server.answers(name, "partner", boundaries=False)
