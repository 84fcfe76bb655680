"""One run of the bench: load, measure, compare with the limits, write down."""

import json
import os
import platform
import time
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Litestar
from rich.console import Console
from rich.progress import Progress

from marketplace.inventory import queries as inventory
from marketplace.kit import clock, db, valkey
from marketplace.kit.migrations import migrate
from marketplace.settings import settings
from tests.performance import limit, registering, searching
from tests.performance.comparing import Rival
from tests.performance.loading import RUSH_MS, Load
from tests.performance.machine import Machine, running
from tests.performance.placing import Rush, place_request
from tests.performance.profiling import profile
from tests.performance.recording import call
from tests.performance.searching import Searches
from tests.performance.world import World, differences, grow, plant, settle, take_stock

CLIENTS = (1, 8, 32)


@dataclass(frozen=True)
class Size:
    """How much is loaded and sent. Every load ends by its count or its seconds, whichever comes first."""

    institutions: int
    models: int
    places: int
    singles: int
    rush_s: int
    searches: int
    turns_each: int
    seconds: float = 60.0
    rush_per_s: float = 134.0

    @property
    def families(self) -> int:
        """One for each booking of the whole run: eleven loads, the rush, and what is compared with others."""
        return 14 * self.places + self.singles + int(self.rush_s * self.rush_per_s) + sum(map(self.turns, CLIENTS)) + 10

    def turns(self, clients: int) -> int:
        """Return how often pgbench places: often enough that planning, once a connection, does not count."""
        return max(self.places, self.turns_each * clients) if clients > 1 else self.singles

    def shrunk(self, percent: int) -> "Size":
        """Return a size whose loads are this part of the whole, on the same market."""
        names = ("places", "singles", "rush_s", "searches", "turns_each")
        return replace(self, **{name: max(1, getattr(self, name) * percent // 100) for name in names})

    def steps(self) -> list[int]:
        """Return the sizes at which search is measured, each ten times the one before."""
        return [*(size for size in (100, 1_000) if size * 2 <= self.institutions), self.institutions]


FULL = Size(institutions=10_000, models=40, places=600, singles=200, rush_s=13, searches=400, turns_each=40)
QUICK = Size(institutions=200, models=10, places=80, singles=30, rush_s=2, searches=40, turns_each=10, seconds=5.0)


@dataclass
class Run:
    """A run under way and what it has found."""

    machine: Machine
    size: Size
    console: Console
    app: Litestar
    world: World
    found: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {text}")

    async def load_and_search(self) -> None:
        """Grow the market step by step and search it at each size."""
        sizes, medians, load_s = [], [], 0.0
        with Progress(console=self.console) as bar:
            task = bar.add_task("institutions", total=self.size.institutions, completed=len(self.world.models))
            for size in self.size.steps():
                began = time.monotonic()
                await grow(self.world, to=size, progress=lambda n: bar.advance(task, n))
                await settle()
                load_s += time.monotonic() - began
                searches = searching.exact(self.app, self.world)
                last = await searching.look(
                    self.machine, self.app, searches, count=self.size.searches, seconds=self.size.seconds
                )
                sizes.append(self.world.institution_count)
                medians.append(last.outcome.percentile(50))
                self.found.setdefault("search_by_size", {})[str(sizes[-1])] = last.summary()
        self.found["search"] = last.summary() | {"route": searches.route}
        self.found["search_growth_exponent"] = searching.growth_exponent(sizes, medians)
        self.found["loaded"] = {
            "institutions": self.world.institution_count,
            "load_s": round(load_s, 1),
            "differences": await differences(self.world),
            **await searching.table_sizes(),
        }

    async def look_around(self) -> None:
        """Measure the other reading routes at the full size."""
        kinds: dict[str, Searches] = {
            "listing": searching.listing(),
            "institution": searching.institution(self.world),
            "calendar": searching.calendar(self.world),
        }
        if searching.has_stays(self.app):
            kinds["search_by_price"] = searching.by_price(self.world)
            kinds["flexible_search"] = searching.flexible(self.world)
            kinds["flexible_by_price"] = searching.flexible(self.world, sort="price")
        for name, searches in kinds.items():
            found = await searching.look(
                self.machine, self.app, searches, count=self.size.searches // 2, seconds=self.size.seconds
            )
            self.found[name] = found.summary() | {"route": searches.route}
            self.queries[f"GET {searches.route}"] = len(found.statements)

    async def place(self, rush: Rush, rival: Rival | None) -> None:
        """Place under every kind of load, the database alone in between."""
        size = self.size
        script, statements = await rush.script(self.app, count=sum(size.turns(clients) for clients in CLIENTS))
        self.queries |= {route: len(found) for route, found in statements.items()}
        # Until every connection has planned every statement, a booking costs several times as much; and what is planned
        # while a table is empty suits it no more once it has rows, which autovacuum says within its minute.
        for count in (size.places // 2, size.places - size.places // 2):
            rush.place(await rush.wishes(count), Load(clients=max(CLIENTS), seconds=size.seconds))
            await take_stock()
        self.found["place"], self.found["sql"] = {}, {}
        for clients in CLIENTS:
            alone = limit.run(self.machine, script, clients=clients, count=size.turns(clients))
            self.found["sql"][str(clients)] = vars(alone)
            quoted, places = rush.quote(await rush.wishes(size.places if clients > 1 else size.singles))
            outcome = rush.place_quoted(places, Load(clients=clients, seconds=size.seconds))
            self.found["place"][str(clients)] = outcome.summary()
            self.found["quote"] = quoted.summary()
        if rival is not None:
            self.found["compared"] = await rival.compare(rush, size, clients=8)
        await self._hot(rush)
        await self._nights(rush)
        await self._rush(rush)

    async def _hot(self, rush: Rush) -> None:
        """One room type for all against one for each, in turn, so that both see the same machine."""
        self.found["hot"] = {}
        for clients in (8, 32):
            calm, hot = [], []
            for _ in range(2):
                load, count = Load(clients=clients, seconds=self.size.seconds), self.size.places // 2
                calm.append(rush.place(await rush.wishes(count), load))
                hot.append(rush.place(rush.hot_wishes(count), load))
            self.found["hot"][str(clients)] = {
                "hot": [one.summary() for one in hot],
                "uncontended": [one.summary() for one in calm],
                "ratio": round(sum(one.mean_ms for one in hot) / sum(one.mean_ms for one in calm), 2),
            }

    async def _nights(self, rush: Rush) -> None:
        self.found["nights"] = {}
        for nights in (7, 30, 90):
            wishes = await rush.wishes(self.size.places // 2, nights=nights)
            outcome = rush.place(wishes, Load(clients=8, seconds=self.size.seconds))
            self.found["nights"][str(nights)] = outcome.summary()

    async def _rush(self, rush: Rush) -> None:
        """The profile of a real ticket rush: so many a second, whether or not the system keeps up."""
        rate, seconds = self.size.rush_per_s, self.size.rush_s
        places = rush.quote(await rush.wishes(int(rate * seconds)))[1]
        outcome = rush.place_quoted(places, Load(clients=64, seconds=seconds + 5, rate=rate))
        # Whoever was the last to ask is answered after the rush: what counts is how many had their room in time.
        in_time = sum(ms <= RUSH_MS for ms in outcome.accepted)
        self.found["rush"] = outcome.summary() | {
            "asked_per_s": rate,
            "seconds": seconds,
            "in_time_per_s": round(in_time / seconds, 1),
        }

    async def profile(self, rush: Rush) -> str:
        """Say where the time of placing and of looking around goes, in the application in this process."""
        wishes = await rush.wishes(max(20, self.size.places // 2))
        quotes = [await call(self.app, one.request()) for one in wishes]
        places = [
            place_request(wish.family, json.loads(body)["id"]) for wish, (_, body) in zip(wishes, quotes, strict=True)
        ]
        searches = searching.exact(self.app, self.world).requests
        calendars = searching.calendar(self.world).requests
        return "\n".join(
            [
                await profile(self.app, "POST /v1/bookings", places),
                await profile(self.app, f"GET {searches[0].path}", searches * 5),
                await profile(self.app, "GET /v1/institutions/{id}/availability", calendars * 5),
            ]
        )

    async def check(self) -> None:
        """Prove that what was measured was right: every counter is what its allocations say."""
        async with db.transaction() as connection:
            await connection.execute("SET LOCAL statement_timeout = '300s'")
            self.found["inventory_drift"] = [str(one) for one in await inventory.verify()]


async def measure(
    size: Size, *, workers: int, console: Console, rival: Rival | None = None, profiled: bool = False
) -> dict[str, Any]:
    """Start a system of its own, measure it, stop it; returns everything that was found."""
    began = time.monotonic()
    with running() as machine:
        os.environ.update(machine.environment, LOG_LEVEL="WARNING")
        settings.cache_clear()
        # One connection, so that whoever listens to it hears everything.
        await db.connect(machine.database.url, max_size=1)
        await valkey.connect(machine.broker.url)
        try:
            await migrate()
            # Loading writes gigabytes; a checkpoint for each of them would only measure the disk.
            await db.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            await db.execute("SELECT pg_reload_conf()")
            from marketplace.app import create_app

            world = await plant(models=size.models, now=clock.now())
            machine.start_api(workers=workers)
            run = Run(machine=machine, size=size, console=console, app=create_app(), world=world)
            run.say(f"PostgreSQL, Valkey and {workers} API processes run; {size.models} models planted")
            await run.load_and_search()
            rush = Rush(machine, world, families=size.families)
            await rush.plant_families()
            run.say("reading")
            await run.look_around()
            await valkey.client().flushdb()
            run.found["register"] = registering.measure(machine)
            run.say("placing")
            await run.place(rush, rival)
            run.found["api_rss_mb"] = machine.memory_mb("api")
            if profiled:
                run.say("profiling")
                run.found["profile"] = await run.profile(rush)
            await run.check()
            return {
                **run.found,
                "queries": run.queries,
                "machine": _machine(workers),
                "elapsed_s": round(time.monotonic() - began, 1),
            }
        finally:
            await valkey.disconnect()
            await db.disconnect()


def _machine(workers: int) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "api_processes": workers,
        "measured_at": clock.now().isoformat(timespec="seconds"),
    }
