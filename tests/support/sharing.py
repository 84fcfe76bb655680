"""How the workers of a run share its tests: a file stays together, and what takes longest is begun first.

pytest-xdist knows groups by a suffix that it adds to the names of tests, which pytest 9.2 does not let it do any more:
silently every test would be dealt out alone, and whatever a file makes for all its tests would be made by every worker.
"""

from collections.abc import Iterable
from inspect import iscoroutinefunction
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests that start whole systems, which choose the same ports: they share one system and never run at once.
SYSTEMS = ("tests/embedded/", "tests/faults/", "tests/journeys/test_demo.py")
# Each of these takes eight seconds or more; whatever is begun last should be short.
LONG = (
    "tests/contract/test_generated_requests.py",
    "tests/workers/test_processes.py",
    "tests/architecture/test_authorisation.py",
    "tests/search/test_prices.py",
    "tests/concurrency/test_interleaving.py",
    "tests/inventory/test_interleaving.py",
    "tests/payments/test_races.py",
    "tests/seed/test_plant.py",
    "tests/concurrency/test_two_processes.py",
    "tests/inventory/test_random_walks.py",
    "tests/architecture/test_query_counts.py",
    "tests/inventory/test_races.py",
    "tests/settlement/test_transferring.py",
    "tests/inventory/test_shared_rooms.py",
    "tests/search/test_ranking.py",
    "tests/register/test_changes.py",
    "tests/payments/test_histories.py",
)

# What every test has: the fixtures of tests/conftest.py, what these ask for in turn, and those of plugins.
FOR_EVERY_TEST = frozenset(
    {
        "database",
        "servers",
        "machine",
        "still_clock",
        "tmp_path_factory",
        "request",
        "event_loop_policy",
    }
)


class Sharing(LoadScopeScheduling):
    """Deals out files, and the tests of systems as if they were one file."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def schedule(self) -> None:
        """Put the collected tests in order before they are dealt out for the first time."""
        self.config.option.loadscopereorder = False
        super().schedule()


def group(nodeid: str) -> str:
    """Return what a test is kept together with."""
    return "systems" if nodeid.startswith(SYSTEMS) else nodeid.partition("::")[0]


def in_order(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the tests as they are to be begun: the systems, the long ones, and then file by file."""
    order = {name: place for place, name in enumerate(("systems", *LONG))}
    found = list(items)
    for item in found:
        assert "system" not in getattr(item, "fixturenames", ()) or group(item.nodeid) == "systems", item.nodeid
    return sorted(found, key=lambda item: order.get(group(item.nodeid), len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing | None:
    return Sharing(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)
    for item in items:
        spare(item)


def spare(item: pytest.Item) -> None:
    """Spare a plain function of its parameters the transaction that every other test has: such are half of all tests."""
    if not isinstance(item, pytest.Function) or iscoroutinefunction(item.obj):
        return
    given = item.callspec.params if hasattr(item, "callspec") else {}
    if FOR_EVERY_TEST.issuperset(set(item.fixturenames) - set(given)):
        item.fixturenames[:] = [name for name in item.fixturenames if name not in ("database", "servers")]
