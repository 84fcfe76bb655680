"""People to sign in."""

from datetime import UTC, datetime

import pytest

from marketplace.identity import operations, queries
from marketplace.identity.rules import Kind, Level
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id, parse

PASSWORD = "correct horse battery"
SECRET = "sandbox-secret-0123456789-abcdefghij"
NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
async def password_hash():
    return await operations.hash_password(PASSWORD)


@pytest.fixture
def add_officer(password_hash):
    async def add(email="province@jilin.example", level=Level.PROVINCE, jurisdiction="220000"):
        return await operations.register_staff(
            actor=SYSTEM,
            kind=Kind.OFFICER,
            name="王处长",
            email=email,
            password_hash=password_hash,
            level=level,
            jurisdiction=jurisdiction,
            now=NOW,
        )

    return add


@pytest.fixture
def add_innkeeper(password_hash):
    async def add(email="front-desk@erdao.example", institution_id=None):
        return await operations.register_staff(
            actor=SYSTEM,
            kind=Kind.INSTITUTION,
            name="李前台",
            email=email,
            password_hash=password_hash,
            institution_id=institution_id or new_id(),
            now=NOW,
        )

    return add


@pytest.fixture
async def partner_id():
    return await operations.register_partner(actor=SYSTEM, name="候鸟旅行网（示例）", secret=SECRET, now=NOW)


@pytest.fixture
def sign_in_family(client):
    """Ask for a code, read it as the messaging reaction would, and sign in; returns the session's JSON."""

    async def sign_in(phone="13800138000"):
        asked = await client.post("/v1/session-codes", json={"phone": phone})
        assert asked.status_code == 202, asked.text
        request_id = asked.json()["request_id"]
        sent = await queries.session_code(request_id=parse("rqs", request_id))
        opened = await client.post("/v1/sessions", json={"request_id": request_id, "code": sent.code})
        assert opened.status_code == 201, opened.text
        return opened.json()

    return sign_in


@pytest.fixture
def bearer():
    def headers(session):
        return {"Authorization": f"Bearer {session['token']}"}

    return headers
