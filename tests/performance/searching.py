"""Looking around: search, the listing and the calendar, against their own SQL on the same connection and data."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from math import log
from statistics import linear_regression
from typing import Any

from litestar import Litestar

from marketplace.kit.clock import local_date
from marketplace.kit.db import connection_of_its_own, fetch_value
from marketplace.kit.ids import wire
from tests.performance.loading import Load, Outcome, percentile, send
from tests.performance.machine import Machine
from tests.performance.recording import Request, Statement, record
from tests.performance.world import World

STAYS = "/v1/stays"
LISTING = "/v1/institutions"
CLUSTERS = ("changbaishan", "jian", "hunchun", "spring-changbaishan", None)
SERVICES = ("hot_spring", "meals", "transfer", None)
FLEXIBLE_STARTS = 90


@dataclass(frozen=True)
class Searches:
    """Requests of one kind."""

    route: str
    requests: tuple[Request, ...]

    def wire(self, count: int) -> list[bytes]:
        """Return ``count`` requests in turn."""
        return [self.requests[i % len(self.requests)].wire() for i in range(count)]


def has_stays(app: Litestar) -> bool:
    """Tell whether the search by dates exists yet."""
    return any(route.path == STAYS for route in app.routes)


def exact(app: Litestar, world: World) -> Searches:
    """Search thirty nights in every combination of cluster and service; the listing stands in where search is missing."""
    route = STAYS if has_stays(app) else LISTING
    dates = _dates(world, nights=30) if route == STAYS else ""
    return Searches(route, tuple(_search(route, dates, cluster, service) for cluster, service in _combinations()))


def by_price(world: World) -> Searches:
    """Search thirty nights, the least dear house first: every house that fits has to be priced."""
    dates = f"{_dates(world, nights=30)}&sort=price"
    return Searches(STAYS, tuple(_search(STAYS, dates, cluster, service) for cluster, service in _combinations()))


def flexible(world: World, *, sort: str = "recommended") -> Searches:
    """Search any thirty nights among ninety days of arrival, the cheapest of them for each house."""
    first = _day(world, 120)
    end = first + timedelta(days=FLEXIBLE_STARTS - 1 + 30)
    dates = f"from={first}&to={end}&nights=30&prefer=cheapest&guests=2&sort={sort}"
    return Searches(STAYS, tuple(_search(STAYS, dates, cluster, service) for cluster, service in _combinations()))


def listing() -> Searches:
    return Searches(LISTING, tuple(_search(LISTING, "", cluster, service) for cluster, service in _combinations()))


def institution(world: World) -> Searches:
    """Read one institution in full."""
    paths = [f"/v1/institutions/{wire('ins', one)}" for one in world.models[:20]]
    return Searches("/v1/institutions/{id}", tuple(Request("GET", path) for path in paths))


def calendar(world: World) -> Searches:
    """Read four hundred nights of every room type of an institution."""
    first = local_date(world.now)
    query = f"from={first}&to={first + timedelta(days=400)}"
    paths = [f"/v1/institutions/{wire('ins', one)}/availability" for one in world.models[:20]]
    return Searches("/v1/institutions/{id}/availability", tuple(Request("GET", path, query) for path in paths))


def _combinations() -> list[tuple[str | None, str | None]]:
    return list(product(CLUSTERS, SERVICES))


def _search(route: str, dates: str, cluster: str | None, service: str | None) -> Request:
    parts = [dates, f"cluster={cluster}" if cluster else "", f"service={service}" if service else ""]
    return Request("GET", route, "&".join(part for part in parts if part))


def _dates(world: World, *, nights: int) -> str:
    first = _day(world, 120)
    return f"check_in={first}&check_out={first + timedelta(days=nights)}&guests=2"


def _day(world: World, n: int) -> date:
    return local_date(world.now) + timedelta(days=n)


@dataclass(frozen=True)
class Looked:
    """One kind of search over HTTP, and what its SQL takes alone."""

    outcome: Outcome
    sql_ms: list[float]
    statements: list[Statement]

    def summary(self) -> dict[str, Any]:
        p50, p99 = percentile(self.sql_ms, 50), percentile(self.sql_ms, 99)
        return {
            **self.outcome.summary(),
            "sql_p50_ms": round(p50, 2),
            "sql_p99_ms": round(p99, 2),
            "p99_over_sql": round(self.outcome.percentile(99) / p99, 2),
            "query_count": len(self.statements),
        }


async def look(machine: Machine, app: Litestar, searches: Searches, *, count: int, seconds: float) -> Looked:
    """Send searches one after the other, and then their SQL alone in the same way."""
    recorded = [(await record(app, request))[0] for request in searches.requests]
    send(machine, [one.wire() for one in searches.requests], Load(clients=2, seconds=seconds))
    outcome = send(machine, searches.wire(count), Load(clients=1, seconds=seconds))
    sql_ms = await _replay(recorded, count=outcome.count, seconds=seconds)
    return Looked(outcome, sql_ms, recorded[0])


async def _replay(recorded: Sequence[Sequence[Statement]], *, count: int, seconds: float) -> list[float]:
    found = []
    async with connection_of_its_own() as connection:
        for statements in recorded:
            await _run(connection, statements)
        until = time.perf_counter() + seconds
        for i in range(count):
            began = time.perf_counter()
            await _run(connection, recorded[i % len(recorded)])
            found.append((time.perf_counter() - began) * 1000)
            if time.perf_counter() > until:
                break
    return found


async def _run(connection: Any, statements: Sequence[Statement]) -> None:
    for statement in statements:
        if statement.args:
            await connection.fetch(statement.sql, *statement.args)
        else:
            await connection.execute(statement.sql)


def growth_exponent(sizes: Sequence[int], p50_ms: Sequence[float]) -> float | None:
    """Return b of time ~ size^b over the sizes measured; None for a single size."""
    if len(sizes) < 2:
        return None
    return round(linear_regression([log(size) for size in sizes], [log(ms) for ms in p50_ms]).slope, 2)


async def table_sizes() -> dict[str, Any]:
    """Return how much the database holds."""
    return {
        "database_mb": round(await fetch_value("SELECT pg_database_size(current_database())") / 2**20),
        "room_nights": await fetch_value("SELECT reltuples::bigint FROM pg_class WHERE relname = 'room_nights'"),
    }
