"""The world that is measured: some institutions written by operations, and thousands of copies of them written by SQL.

Ten thousand institutions with four hundred nights of four room types are sixteen million rows; operations would take an
hour. Each copy is its model, row by row, under ids and names of its own; ``differences`` proves it on a sample. Names
in the text index stay the model's, so that text finds all copies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from marketplace.identity.rules import Kind, Level, Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.errors import NotAvailable
from marketplace.kit.clock import local_date
from marketplace.kit.db import connection_of_its_own, execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from seed import procedure
from seed.institutions import InstitutionPlan, plan_institutions, plant_institution
from seed.places import plant_places
from seed.rates import plant_nights
from seed.rubric import plant_rubrics
from seed.sheets import sheet_for

ROOM_TYPES = 4
UNITS = 6
# Blocks put on each model room type, of 14 to 60 nights: about two thirds of the nights, as in a good season.
BLOCKS = 14
# The room type that everybody wants: enough units that every booking is accepted.
HOT_UNITS = 30_000
HOT_NAME = "抢手旅居（示例）"
# What a copy must have of its own besides ids; t is the model's row and $1 the number of the copy.
_OWN = {
    ("institutions", "name"): "replace(t.name, '（示例）', $1::integer || '号（示例）')",
    ("institutions", "name_en"): "left(t.name_en, 100) || ' ' || $1::integer",
    ("certifications", "number"): "t.number || '-' || $1::integer",
    ("certifications", "status_position"): "next_status_position()",
}
# A first assessment is of one application, which has no twin; neither placing nor search looks at it.
_LEFT_OUT = ["assessment_orders"]
# Tables whose ids others refer to, and by which columns.
_PARENTS = {"institutions": "institution_id", "certifications": "certification_id", "room_types": "room_type_id"}


@dataclass
class World:
    """What was planted; ``tables`` are those that every copy has rows in, with their columns."""

    now: datetime
    models: list[UUID] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)
    hot_room_type_id: UUID = field(default_factory=new_id)
    copies: int = 0

    @property
    def institution_count(self) -> int:
        return len(self.models) * (1 + self.copies)


async def plant(*, models: int, now: datetime) -> World:
    """Write the models through operations, all in one transaction."""
    world = World(now=now)
    officer = Principal(
        kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level.PROVINCE, jurisdiction="220000"
    )
    async with transaction():
        await plant_places(now=now)
        await plant_rubrics(now=now)
        plans = plan_institutions()
        step = len(plans) / models
        for i in range(models):
            world.models.append(await _plant_one(_four_rooms(plans[int(i * step)]), officer, Random(i), now=now))
        hot = _four_rooms(plans[0], units=HOT_UNITS, name=HOT_NAME)
        hot_id = await _plant_one(hot, officer, None, now=now)
        world.hot_room_type_id = await fetch_value(
            "SELECT min(id::text)::uuid FROM room_types WHERE institution_id = $1", hot_id
        )
    await _prepare_copies(world)
    return world


def _four_rooms(plan: InstitutionPlan, *, units: int = UNITS, name: str | None = None) -> InstitutionPlan:
    first = plan.rooms[0]
    rooms = (*plan.rooms, msgspec.structs.replace(first, name="朝南双人间", name_en="South-facing twin room"))
    return msgspec.structs.replace(
        plan,
        name=name or plan.name,
        licensed_bed_count=ROOM_TYPES * units * 8,
        rooms=tuple(msgspec.structs.replace(room, unit_count=units) for room in rooms[:ROOM_TYPES]),
    )


async def _plant_one(plan: InstitutionPlan, officer: Principal, blocked: Random | None, *, now: datetime) -> UUID:
    planted = await plant_institution(plan, now=now, pictures=False)
    await procedure.certify(
        institution_id=planted.id,
        sheet=sheet_for(plan.grade),
        assessed_on=local_date(now) - timedelta(days=45),
        actor=officer,
        now=now,
    )
    await plant_nights(dict(zip(planted.room_type_ids, plan.rooms, strict=True)), now=now)
    if blocked is not None:
        for room_type_id in planted.room_type_ids:
            await _block(room_type_id, blocked, now=now)
    return planted.id


async def _block(room_type_id: UUID, random: Random, *, now: datetime) -> None:
    for _ in range(BLOCKS):
        first, nights = random.randrange(340), random.randint(14, 60)
        check_in = local_date(now) + timedelta(days=first)
        try:
            await inventory.take(
                room_type_id=room_type_id,
                check_in=check_in,
                check_out=check_in + timedelta(days=nights),
                unit_count=random.randint(1, 3),
                kind="block",
                owner_id=new_id(),
                expires_at=None,
                now=now,
            )
        except NotAvailable:
            continue


async def _prepare_copies(world: World) -> None:
    """Keep the models' rows apart, so that copying reads them and not what has been copied."""
    found = await fetch(
        "SELECT DISTINCT relname::text AS table_name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND (attname::text = ANY ($1) OR relname = 'institutions') AND relname <> ALL ($2)",
        list(_PARENTS.values()),
        _LEFT_OUT,
    )
    tables = sorted({row["table_name"] for row in found}, key=lambda name: (name not in _PARENTS, name))
    await execute("CREATE SCHEMA bench")
    await execute("CREATE TABLE bench.model_ids AS SELECT id FROM institutions WHERE id = ANY ($1)", world.models)
    for table in ("certifications", "room_types"):
        await execute(
            f"INSERT INTO bench.model_ids SELECT id FROM {table} WHERE institution_id = ANY ($1)", world.models
        )
    for table in tables:
        names = await _columns(table)
        rows = await execute(
            f"CREATE TABLE bench.{table} AS SELECT * FROM {table} WHERE {_owner(table, names)} IN (SELECT id FROM bench.model_ids)"
        )
        if rows:
            world.tables[table] = names
    await execute("CREATE TABLE bench.twins (n integer, original uuid, twin uuid, PRIMARY KEY (n, original))")


async def _columns(table: str) -> list[str]:
    rows = await fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = ''",
        f"public.{table}",
    )
    return [row["attname"] for row in rows]


def _owner(table: str, names: list[str]) -> str:
    """Return the column that says which model a row belongs to."""
    return "id" if table == "institutions" else next(name for name in _PARENTS.values() if name in names)


async def grow(world: World, *, to: int, progress: Callable[[int], None]) -> None:
    """Copy the models until there are at least ``to`` institutions, then let the database know its new shape."""
    statements = [_copying(table, names) for table, names in world.tables.items()]
    while world.institution_count < to:
        world.copies += 1
        async with transaction():
            # Foreign keys of a copy hold because its model's do; checking sixteen million of them would take minutes.
            await execute("SET LOCAL session_replication_role = replica")
            await execute("SET LOCAL statement_timeout = '120s'")
            await execute(
                "INSERT INTO bench.twins SELECT $1, id, uuidv7() FROM bench.model_ids ORDER BY id", world.copies
            )
            for statement in statements:
                await execute(statement, world.copies)
        progress(len(world.models))


def _copying(table: str, names: list[str]) -> str:
    values, joins = [], []
    for name in names:
        if name in _PARENTS.values() or (name == "id" and table in _PARENTS):
            joins.append(f" LEFT JOIN bench.twins {name} ON {name}.n = $1::integer AND {name}.original = t.{name}")
            values.append(f"{name}.twin" if name == "id" else f"coalesce({name}.twin, t.{name})")
        elif name == "id":
            values.append("uuidv7()")
        else:
            values.append(_OWN.get((table, name), f"t.{name}"))
    return f"INSERT INTO public.{table} ({', '.join(names)}) SELECT {', '.join(values)} FROM bench.{table} t{''.join(joins)}"


async def settle() -> None:
    """Write down what was loaded and tell the planner about it, as autovacuum would have in the course of a day."""
    async with connection_of_its_own() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("VACUUM (ANALYZE, PARALLEL 0)")
        await connection.execute("CHECKPOINT")


async def take_stock() -> None:
    """Tell the planner what the tables hold by now."""
    async with connection_of_its_own() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("ANALYZE")


async def differences(world: World, *, sample: int = 5) -> list[str]:
    """Compare a sample of copies with their models, table by table, but for ids and names; empty is good."""
    found = []
    random = Random(0)
    for n in {random.randint(1, world.copies) for _ in range(sample)} if world.copies else ():
        for table, names in world.tables.items():
            key = _owner(table, names)
            same = [c for c in names if c not in ("id", *_PARENTS.values()) and (table, c) not in _OWN]
            facts = ", ".join(f"t.{name}" for name in same)
            differing = await fetch_value(
                f"WITH model AS (SELECT m.twin AS owner, {facts} FROM bench.{table} t"
                f"   JOIN bench.twins m ON m.n = $1 AND m.original = t.{key}),"
                f" copy AS (SELECT t.{key} AS owner, {facts} FROM public.{table} t"
                f"   WHERE t.{key} IN (SELECT twin FROM bench.twins WHERE n = $1))"
                " SELECT (SELECT count(*) FROM (SELECT * FROM model EXCEPT ALL SELECT * FROM copy) x)"
                "      + (SELECT count(*) FROM (SELECT * FROM copy EXCEPT ALL SELECT * FROM model) y)",
                n,
            )
            if differing:
                found.append(f"{table}: {differing} rows of copy {n} differ from the model's")
    return found
