"""A county, a prefecture and 长白山管委会 under one province, with officers and institutions to certify."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from marketplace.certifications import queries
from marketplace.certifications.rules import Certification, Scores, assessment_due
from marketplace.identity import operations as identity
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.institutions.operations import register
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.places.rules import Position
from seed import procedure
from tests.certifications.policy import POLICY
from tests.certifications.sheets import sheet_with
from tests.support.world import plant_gazetteer

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)
# Its preview runs until 8 February, which 春节 makes 9; its publicity from the 10th until 17 February.
VISITED = date(2027, 1, 25)
PROVINCE = "220000"
FUSONG = "220621"
BAISHAN = "220600"
HUNCHUN = "222404"
PASSING = Scores(environment=98, facilities=106, operations=121, services=482)  # 807 points: grade 4.


def officer(level: Level, jurisdiction: str) -> Principal:
    return Principal(kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=level, jurisdiction=jurisdiction)


# The same for all tests, because what many of them begin with was certified once.
CERTIFIER = officer(Level.PROVINCE, PROVINCE)


async def register_institution(name="松江河康养院（示例）", place_code="songjianghe", *, now=NOW):
    return await register(
        name=name,
        name_en="Songjianghe Care House",
        uscc=None,
        place_code=place_code,
        address="白山路 1 号",
        position=Position(42.19, 127.49, "wgs84"),
        licensed_bed_count=120,
        opened_on=date(2019, 5, 1),
        is_example=True,
        actor=SYSTEM,
        now=now,
    )


async def certify_new(*, name="松江河康养院（示例）", place_code="songjianghe", assessed_on=TODAY, **facts):
    """Certify a new institution, in 抚松 unless said otherwise, by the whole procedure.

    A visit is weeks before its certificate. Where a test counts from a later one, the certificate is dated to that:
    what such a test is about comes after.
    """
    async with transaction():
        found = await procedure.certify(
            **{
                "institution_id": facts.pop("institution_id", None) or await register_institution(name, place_code),
                "sheet": sheet_with(facts.pop("scores", PASSING)),
                "assessed_on": min(assessed_on, VISITED),
                "reason": "评估合格，公示无异议",
                "actor": CERTIFIER,
                "now": NOW,
                **facts,
            }
        )
        if assessed_on <= VISITED:
            return found
        due_on = assessment_due(assessed_on, grade=found.grade, policy=POLICY)
        await execute(
            "UPDATE certifications SET assessed_on = $2, assessment_due_on = $3 WHERE id = $1",
            found.id,
            assessed_on,
            due_on,
        )
        return msgspec.structs.replace(found, assessed_on=assessed_on, assessment_due_on=due_on)


async def plant_certified() -> Certification:
    await plant_gazetteer(now=NOW)
    return await certify_new()


@pytest.fixture
async def gazetteer(planted, request):
    """Begin with the places, and with one certified institution for who asks for ``certified``."""
    begun = planted(plant_certified) if "certified" in request.fixturenames else planted(plant_gazetteer, now=NOW)
    async with begun as found:
        yield found


@pytest.fixture
def certified(gazetteer):
    return gazetteer


@pytest.fixture
def province():
    return CERTIFIER


@pytest.fixture
def second():
    return officer(Level.PROVINCE, PROVINCE)


@pytest.fixture
def prefecture():
    return officer(Level.PREFECTURE, BAISHAN)


@pytest.fixture
def county():
    return officer(Level.COUNTY, FUSONG)


@pytest.fixture
def stranger():
    return officer(Level.COUNTY, HUNCHUN)


@pytest.fixture
def add_institution(gazetteer):
    return register_institution


@pytest.fixture
def certify(gazetteer):
    return certify_new


@pytest.fixture
def sign_in(gazetteer):
    """Register an officer and return the headers of a session that is open at ``NOW``."""

    async def sign_in(level: Level, jurisdiction: str, *, kind=Kind.OFFICER, now=NOW):
        async with transaction():
            staff_id = await identity.register_staff(
                actor=SYSTEM,
                kind=kind,
                name="王处长",
                email=f"{new_id().hex}@jilin.example",
                password_hash="$argon2id$v=19$never-used",
                level=level,
                jurisdiction=jurisdiction,
                now=now,
            )
            opened = await identity.open_session(kind=kind, holder_id=staff_id, now=now)
        return {"Authorization": f"Bearer {opened.token}"}

    return sign_in


@pytest.fixture
def at_now():
    """Set the process's clock to ``NOW``."""
    clock.travel(NOW - datetime.now(UTC))


async def trace(certification_id) -> tuple[object, ...]:
    """Everything that a refused operation must leave as it was."""
    return (
        await fetch("SELECT * FROM certifications WHERE id = $1", certification_id),
        await fetch_value("SELECT count(*) FROM certification_history WHERE certification_id = $1", certification_id),
        await fetch("SELECT * FROM certification_decisions WHERE certification_id = $1 ORDER BY id", certification_id),
        await fetch("SELECT * FROM assessment_orders WHERE certification_id = $1 ORDER BY id", certification_id),
        await fetch("SELECT * FROM certification_cases WHERE certification_id = $1 ORDER BY id", certification_id),
        await fetch(
            "SELECT * FROM certification_rectifications WHERE certification_id = $1 ORDER BY id", certification_id
        ),
        await fetch("SELECT * FROM certification_appeals WHERE certification_id = $1 ORDER BY id", certification_id),
        await fetch("SELECT * FROM certification_deadlines ORDER BY id"),
        await fetch("SELECT * FROM assessment_corrections ORDER BY id"),
        await fetch_value("SELECT count(*) FROM assessment_findings"),
        await fetch_value("SELECT count(*) FROM outbox"),
        await fetch_value("SELECT count(*) FROM audit_events"),
    )


async def reread(certification):
    """The certification as the province sees it now."""
    province = officer(Level.PROVINCE, PROVINCE)
    return await queries.certification(principal=province, certification_id=certification.id)


async def kinds() -> list[str]:
    """The kinds of all news published so far, in order, but for what led to a first certificate."""
    rows = await fetch(
        "SELECT kind FROM outbox WHERE is_event AND NOT EXISTS (SELECT FROM assessment_orders a"
        " WHERE a.application_id IS NOT NULL AND a.id::text = payload->>'assessment_id') ORDER BY id"
    )
    return [row["kind"] for row in rows]
