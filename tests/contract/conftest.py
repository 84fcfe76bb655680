"""The API as Schemathesis sees it: generated and malformed requests, from the published document, to a real server.

Generation is deterministic. Ids of the right shape are replaced by ids of things that are the caller's, so that
requests get past the door; everything else of a request stays as it was generated.
"""

import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from redis import Redis
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source

from marketplace.embedded import ports, programs
from marketplace.payments import gateway as gateways
from tests.support.sandbox import API_KEY, SECRET, Sandbox
from tests.support.sides import FAMILY, FINANCE, PARTNER, PROVINCE, READER, STAFF, Ids, Side, build_side
from tests.support.world import World, build, hold

SPEC = Path(__file__).parents[2] / "openapi" / "openapi.json"
WIRE_ID = re.compile(r"([a-z]{3})_[0-9a-f]{32}")
ROLES = {
    "anyone": None,
    "family": FAMILY,
    "partner": PARTNER,
    "institution": STAFF,
    "officer": PROVINCE,
    "finance": FINANCE,
}


def load(*, boundaries: bool) -> schemathesis.BaseSchema:
    """Read the document; with ``boundaries`` also every boundary value and every malformation of each field is tried."""
    config = {
        "seed": 20270301,
        "generation": {
            "max-examples": int(os.environ.get("CONTRACT_EXAMPLES", "3")),
            "deterministic": True,
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
        },
        "checks": {
            # A schema cannot say that a stay begins after today, or that a signature is ours.
            "positive_data_acceptance": {"enabled": False},
            # The generated matrix of test_authorisation.py tries every route as every kind of caller.
            "ignored_auth": {"enabled": False},
        },
        "phases": {
            "stateful": {"enabled": False},
            "coverage": {"enabled": boundaries, "unexpected-methods": ["PATCH"]},
        },
    }
    return schemathesis.openapi.from_path(SPEC, config=SchemathesisConfig.from_dict(config))


def operations(wanted: Callable[[list[str]], bool]) -> list[Any]:
    """List the operations whose callers are as wanted; the tools of development move the clock, and are left out."""
    paths = msgspec.json.decode(SPEC.read_bytes())["paths"].values()
    found = (operation for path in paths for operation in path.values() if "development" not in operation["tags"])
    return [
        pytest.param(operation["operationId"], operation["x-callers"], id=operation["operationId"])
        for operation in found
        if wanted(operation["x-callers"])
    ]


@cache
def tried(*, boundaries: bool) -> tuple[dict[str, Any], FeedbackSources]:
    """Return what Schemathesis knows of each operation, by its id."""
    load_all_checks()
    schema = load(boundaries=boundaries)
    found = [one.ok() for one in schema.get_all_operations()]
    constants = FeedbackSources(constants_value_source=make_constants_value_source(schema))
    return {operation.definition.raw["operationId"]: operation for operation in found}, constants


@dataclass
class Server:
    """The API in a process of its own, what its callers own, and values that are likely to be accepted."""

    url: str
    limits: Redis
    side: Side
    likely: dict[str, Any]
    holds: dict[tuple[str, str], str] = field(default_factory=dict)
    quotes: dict[str, Iterator[str]] = field(default_factory=dict)

    def answers(self, name: str, caller: str, *, boundaries: bool) -> None:
        """Try an operation as someone, with requests that are made now.

        Schemathesis itself makes them while tests are collected, which every worker does; and under the names that it
        gives them pytest-xdist takes all the operations of a function for one test.
        """
        known, feedback = tried(boundaries=boundaries)
        operation = known[name]

        def check(case: schemathesis.Case) -> None:
            self.check(case, caller)

        build_operation_test(
            config=operation.schema.config, operation=operation, test_func=check, given_kwargs={}, feedback=feedback
        )()

    def check(self, case: schemathesis.Case, caller: str) -> None:
        """Send a generated request as someone, and hold the answer against every check."""
        operation = case.operation.definition.raw["operationId"]
        role = ROLES[caller]
        if role is not None:
            # Signing out ends the session of whoever does it, and the others need theirs.
            role = READER if operation == "closeSession" else role
            case.headers["Authorization"] = self.side.callers[role].headers["Authorization"]
        ids = dict(self.side.ids(role or FAMILY))
        if (role, operation) in self.holds:
            ids["booking_id"] = self.holds[role, operation]
        if role in self.quotes:
            ids["quote_id"] = next(self.quotes[role])
        likely = self.likely if case.meta.generation.mode.is_positive else {}
        for part in ("path_parameters", "query", "body"):
            setattr(case, part, filled(getattr(case, part), ids, likely))
        case.call_and_validate(base_url=self.url, session=SESSION)


SESSION = requests.Session()
SESSION.trust_env = False


def filled(node: Any, ids: Ids, likely: dict[str, Any]) -> Any:
    """Return a generated value with the caller's own ids for well-formed ones, and ``likely`` values by name."""
    if isinstance(node, dict):
        return {
            key: likely[key] if key in likely and type(value) is type(likely[key]) else filled(value, ids, likely)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [filled(value, ids, likely) for value in node]
    if isinstance(node, str) and (found := WIRE_ID.fullmatch(node)):
        return next((own for own in ids.values() if WIRE_ID.fullmatch(own) and own.startswith(found[1])), node)
    return node


async def furnish(server: Server, world: World) -> None:
    """Give every guest a hold for each thing that ends or changes one, and quotes to book."""
    for role in (FAMILY, PARTNER):
        guest, quotes = server.side.callers[role], []
        for operations in (("extendHold",), ("createPayment", "createCancellationQuote")):
            held = (await hold(world, guest, first=200, nights=3))["id"]
            server.holds |= {(role, operation): held for operation in operations}
        for _ in range(4):
            offer = await guest.post("/v1/quotes", world.wish(first=240, nights=3, guests=1))
            quotes.append(offer.json()["id"])
        server.quotes[role] = cycle(quotes)


@pytest.fixture(scope="module")
async def database_url(servers) -> AsyncIterator[str]:
    async with servers.alone() as url:
        yield url


@pytest.fixture(scope="module")
def process(servers, database_url, sandbox_url, tmp_path_factory) -> Iterator[tuple[str, Redis]]:
    """Start the API on the module's database and on counters of its own; yields its address and the counters."""
    port, limits = ports.throwaway(), servers.valkey.url_of(9)
    log = tmp_path_factory.mktemp("contract") / "api.log"
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": limits,
        "STRIPE_API_BASE": sandbox_url,
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        # What is generated places many bookings, and none of them is paid for.
        "FAMILY_HOLDS_MAX": "100000",
    }
    with log.open("wb") as out:
        found = subprocess.Popen(programs.api(host="127.0.0.1", port=port), env=environment, stdout=out, stderr=out)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while not programs.answers(f"{address}/livez"):
        assert found.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with Redis.from_url(limits) as counters:
        yield address, counters
    found.terminate()
    found.wait(30)


@pytest.fixture(scope="module")
async def server(process, app, stripe_gateway, sandbox_url, sandbox_client) -> AsyncIterator[Server]:
    gateways.use(stripe_gateway)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        world = await build(client=client)
        bank = Sandbox(url=sandbox_url, http=sandbox_client)
        side = await build_side(world, bank, place="songjianghe", county="220621", prefecture="220600")
        first, last = world.day(300).isoformat(), world.day(310).isoformat()
        likely = {
            "check_in": first,
            "check_out": last,
            "from": first,
            "to": last,
            "phone": "13800138000",
            "guest_count": 1,
        }
        found = Server(*process, side, likely)
        await furnish(found, world)
        # The first print of a process loads fonts and their tools, which may take longer than a generated request has.
        number = side.ids(FAMILY)["number"]
        printed = SESSION.get(f"{found.url}/v1/certificates/{number}/plaque.pdf", timeout=60)
        assert printed.status_code == 200
        yield found
    gateways.use(None)


@pytest.fixture
def unlimited(server: Server) -> None:
    server.limits.flushdb()
