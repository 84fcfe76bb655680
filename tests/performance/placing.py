"""Quoting and placing: the requests of a rush, and the same SQL without the product around it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from litestar import Litestar

from marketplace.identity.rules import LIFETIMES, Kind, idle_until
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one
from marketplace.kit.ids import parse, wire
from tests.performance import limit
from tests.performance.loading import Load, Outcome, send
from tests.performance.machine import Machine
from tests.performance.recording import Request, Statement, record
from tests.performance.world import ROOM_TYPES, World

NIGHTS = 30
# Every wish lies between these days from today, so that its whole price is known and nothing is paid at once.
FIRST_DAY, LAST_DAY = 31, 399


@dataclass(frozen=True)
class Wish:
    """A stay that somebody wants; ``family`` is the number of who does."""

    family: int
    room_type_id: UUID
    check_in: date
    nights: int

    def request(self) -> Request:
        body = {
            "room_type_id": wire("rmt", self.room_type_id),
            "check_in": self.check_in.isoformat(),
            "check_out": (self.check_in + timedelta(days=self.nights)).isoformat(),
            "guest_count": 2,
        }
        return Request("POST", "/v1/quotes", token=token(self.family), body=json.dumps(body).encode())


def token(family: int) -> str:
    return f"bench-family-{family}"


def key(family: int) -> str:
    return f"bench-key-{family}"


def place_request(family: int, quote_id: str) -> Request:
    """Return the request that turns a quote into a booking of two guests."""
    body = {
        "quote_id": quote_id,
        "guests": [{"name": "王秀英", "birth_year": 1952}, {"name": "李建国", "birth_year": 1950}],
        "contact": {"name": "李娜", "phone": "13800138000"},
    }
    return Request(
        "POST", "/v1/bookings", token=token(family), key=key(family), body=json.dumps(body, ensure_ascii=False).encode()
    )


class Rush:
    """Families that want rooms, one after the other: a family wants once."""

    def __init__(self, machine: Machine, world: World, *, families: int) -> None:
        self.machine, self.world, self.families, self.turn = machine, world, families, 0

    async def plant_families(self) -> None:
        """Let the families be signed in: one for each booking, since nobody may hoard holds or flood the API."""
        now = self.world.now
        expires_at = now + LIFETIMES[Kind.FAMILY].absolute
        await execute(
            "CREATE TABLE bench.families (n integer PRIMARY KEY, id uuid, session_id uuid, token_digest bytea)"
        )
        await execute(
            "INSERT INTO bench.families SELECT n, uuidv7(), uuidv7(), sha256(convert_to('bench-family-' || n, 'UTF8'))"
            " FROM generate_series(1, $1::integer) AS n",
            self.families,
        )
        await execute(
            "INSERT INTO families (id, phone, phone_index, joined_at)"
            " SELECT id, token_digest, token_digest, $1 FROM bench.families",
            now,
        )
        await execute(
            "INSERT INTO sessions (id, token_digest, family_id, scopes, opened_at, idle_expires_at, expires_at)"
            " SELECT session_id, token_digest, id, '{read,write}', $1, $2, $3 FROM bench.families",
            now,
            idle_until(Kind.FAMILY, now=now, expires_at=expires_at),
            expires_at,
        )
        await execute("ANALYZE bench.families, families, sessions")

    async def wishes(self, count: int, *, nights: int = NIGHTS, check_in: date | None = None) -> list[Wish]:
        """Draw free stays all over the market, or all from one day on."""
        rows = await fetch(
            "WITH drawn AS (SELECT l.room_type_id, l.closed, coalesce($3, $1::date +"
            "   (hashtextextended(l.room_type_id::text, $2 + turn) & 65535)::integer % ($4::integer)) AS check_in,"
            "   hashtextextended(l.room_type_id::text, $2 + turn + 77) AS lot"
            "   FROM room_type_locks l JOIN room_types r ON r.id = l.room_type_id, generate_series(1, $8::integer) AS turn"
            "   WHERE NOT l.stop_sale AND r.guests_max >= 2 AND r.id <> $7)"
            " SELECT room_type_id, check_in FROM drawn WHERE NOT closed && daterange(check_in, check_in + $5::integer)"
            " ORDER BY lot LIMIT $6",
            self.day(FIRST_DAY),
            self.turn,
            check_in,
            LAST_DAY - FIRST_DAY - nights,
            nights,
            count,
            self.world.hot_room_type_id,
            3 + 10 * count // (ROOM_TYPES * self.world.institution_count),
        )
        if len(rows) < count:
            raise SystemExit(f"only {len(rows)} of {count} stays of {nights} nights are free: load more institutions")
        return [Wish(self._next(), row["room_type_id"], row["check_in"], nights) for row in rows]

    def hot_wishes(self, count: int) -> list[Wish]:
        """Want the same nights of the same room type, all of them."""
        return [Wish(self._next(), self.world.hot_room_type_id, self.day(60), NIGHTS) for _ in range(count)]

    def day(self, n: int) -> date:
        return local_date(self.world.now) + timedelta(days=n)

    def quote(self, wishes: Sequence[Wish], *, clients: int = 8) -> tuple[Outcome, list[bytes]]:
        """Have wishes quoted; returns the requests that place them."""
        found = send(
            self.machine, [one.request().wire() for one in wishes], Load(clients=clients, keep_bodies=True, seconds=120)
        )
        places = [
            place_request(wishes[number].family, json.loads(body)["id"]).wire()
            for number, body in sorted(found.bodies.items())
        ]
        return found, places

    def place(self, wishes: Sequence[Wish], load: Load) -> Outcome:
        """Quote, which is not measured, and place, which is."""
        return send(self.machine, self.quote(wishes)[1], load)

    def place_quoted(self, places: Sequence[bytes], load: Load) -> Outcome:
        return send(self.machine, places, load)

    def _next(self) -> int:
        self.turn += 1
        if self.turn > self.families:
            raise SystemExit("there are fewer families than bookings")
        return self.turn

    async def record(self, app: Litestar) -> tuple[dict[str, list[Statement]], Wish, UUID]:
        """Quote and place once in this process; returns the statements of both, the wish and the quote."""
        (wish,) = await self.wishes(1, check_in=self.day(90))
        quoting, answer = await record(app, wish.request())
        quote_id = json.loads(answer)["id"]
        placing, answer = await record(app, place_request(wish.family, quote_id))
        reading, _ = await record(
            app, Request("GET", f"/v1/bookings/{json.loads(answer)['id']}", token=token(wish.family))
        )
        found = {"POST /v1/quotes": quoting, "POST /v1/bookings": placing, "GET /v1/bookings/{id}": reading}
        return found, wish, parse("quo", quote_id)

    async def script(self, app: Litestar, *, count: int) -> tuple[str, dict[str, list[Statement]]]:
        """Write the pgbench script of placing, and ``count`` quotes for it to use."""
        statements, wish, quote_id = await self.record(app)
        others = await self.wishes(count, check_in=wish.check_in)
        await self._copy_quote(quote_id, others)
        me = await fetch_one(
            "SELECT f.id, f.token_digest, r.institution_id FROM bench.families f, room_types r"
            " WHERE f.n = $1 AND r.id = $2",
            wish.family,
            wish.room_type_id,
        )
        assert me is not None
        assert me["token_digest"] == sha256(token(wish.family).encode()).digest()
        writer = limit.Script(
            {
                quote_id: "quote",
                wish.room_type_id: "room_type",
                me["institution_id"]: "institution",
                me["id"]: "owner",
                me["token_digest"]: "token",
                key(wish.family): "key",
            }
        )
        first = (
            "SELECT quote, room_type, institution, owner, token, 'pgbench-' || n AS key{fresh}"
            " FROM bench.offers WHERE n = (SELECT nextval('bench.turn'))"
        )
        await limit.prepare(count=count)
        return await writer.write(statements["POST /v1/bookings"], first=first), statements

    async def _copy_quote(self, quote_id: UUID, wishes: Sequence[Wish]) -> None:
        """Give each wish a quote like this one: same nights and price, its own room type and family."""
        await execute("DROP TABLE IF EXISTS bench.offers")
        await execute(
            "CREATE TABLE bench.offers (n integer PRIMARY KEY, quote uuid, room_type uuid, institution uuid, owner uuid,"
            " token bytea)"
        )
        await execute(
            "INSERT INTO bench.offers SELECT wish.n, uuidv7(), r.id, r.institution_id, f.id, f.token_digest"
            " FROM unnest($1::uuid[], $2::integer[]) WITH ORDINALITY AS wish (room_type_id, family, n)"
            " JOIN room_types r ON r.id = wish.room_type_id JOIN bench.families f ON f.n = wish.family",
            [one.room_type_id for one in wishes],
            [one.family for one in wishes],
        )
        own = {"id": "o.quote", "room_type_id": "o.room_type", "institution_id": "o.institution"}
        own |= {"principal_id": "o.owner", "used_by_booking_id": "NULL", "voided_at": "NULL"}
        rows = await fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'quotes'::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''"
        )
        names = [row["attname"] for row in rows]
        values = ", ".join(own.get(name, f"q.{name}") for name in names)
        await execute(
            f"INSERT INTO quotes ({', '.join(names)}) SELECT {values} FROM bench.offers o, quotes q WHERE q.id = $1",
            quote_id,
        )
