import pytest
from litestar import Litestar, get, post

from marketplace.identity import operations
from marketplace.identity.guards import DEPENDENCIES, Authentication, requires
from marketplace.identity.rules import (
    GRANTS,
    Action,
    Kind,
    Level,
    Principal,
    Resource,
    Scope,
    can,
    e164,
    granted_scopes,
)
from marketplace.kit import clock
from marketplace.kit.db import transaction
from marketplace.kit.http.problems import HANDLERS
from marketplace.kit.ids import new_id


@get("/families", guards=[requires("family")])
async def for_families() -> None: ...


@post("/partners", guards=[requires("family", "partner")])
async def for_buyers() -> None: ...


@get("/partners", guards=[requires("partner")])
async def for_partners() -> None: ...


@get("/province", guards=[requires("officer", levels=(Level.PROVINCE,))])
async def for_the_province() -> None: ...


@get("/desk", guards=[requires("officer", "institution")])
async def for_staff() -> None: ...


ROUTES = {
    "GET /families": {"family"},
    "POST /partners": {"family", "partner"},
    "GET /partners": {"partner", "reader"},
    "GET /province": {"province"},
    "GET /desk": {"province", "county", "institution"},
}


@pytest.fixture(scope="session")
def app(machine):
    return Litestar(
        route_handlers=[for_families, for_buyers, for_partners, for_the_province, for_staff],
        middleware=[Authentication()],
        dependencies=DEPENDENCIES,
        exception_handlers=HANDLERS,
        openapi_config=None,
    )


async def token_of(role, partner_id, add_officer, add_innkeeper):
    now = clock.now()
    institution_id = new_id()
    holders = {
        "family": (Kind.FAMILY, lambda: operations.register_family(phone="13800138000", now=now)),
        "partner": (Kind.PARTNER, None),
        "reader": (Kind.PARTNER, None),
        "institution": (Kind.INSTITUTION, lambda: add_innkeeper(institution_id=institution_id)),
        "county": (Kind.OFFICER, lambda: add_officer("c@x.example", Level.COUNTY, "222403")),
        "province": (Kind.OFFICER, add_officer),
    }
    kind, make = holders[role]
    holder_id = await make() if make else partner_id
    scopes = (Scope.READ,) if role == "reader" else tuple(Scope)
    async with transaction():
        return (await operations.open_session(kind=kind, holder_id=holder_id, now=now, scopes=scopes)).token


@pytest.mark.parametrize("role", ["family", "partner", "reader", "institution", "county", "province", None])
async def test_every_route_lets_in_whom_it_names_and_nobody_else(client, role, partner_id, add_officer, add_innkeeper):
    headers = {}
    if role is not None:
        headers = {"Authorization": f"Bearer {await token_of(role, partner_id, add_officer, add_innkeeper)}"}
    for route, allowed in ROUTES.items():
        method, path = route.split()
        answer = await client.request(method, path, headers=headers)
        expected = 401 if role is None else 403
        assert (answer.status_code < 300) == (role in allowed), route
        if role not in allowed:
            assert answer.status_code == expected, route
            assert answer.headers["content-type"] == "application/problem+json"


def principal(kind, **facts):
    return Principal(kind=kind, id=facts.pop("id", new_id()), session_id=new_id(), **facts)


def test_owners_may_book_and_others_may_not():
    family, partner = principal(Kind.FAMILY), principal(Kind.PARTNER)
    booking = Resource(family_id=family.id, institution_id=new_id(), jurisdictions=("222403", "220000"))

    assert can(family, Action.BOOK, booking)
    assert not can(principal(Kind.FAMILY), Action.BOOK, booking)
    assert not can(partner, Action.BOOK, booking)
    assert can(partner, Action.BOOK, Resource(partner_id=partner.id))
    assert not can(family, Action.HOST, booking)


def test_an_id_of_another_kind_opens_nothing():
    """A family and a partner never share an id, but a policy must not depend on it."""
    shared = new_id()
    assert not can(principal(Kind.PARTNER, id=shared), Action.BOOK, Resource(family_id=shared))
    assert not can(principal(Kind.INSTITUTION, id=shared), Action.HOST, Resource(institution_id=shared))
    assert not can(principal(Kind.INSTITUTION), Action.HOST, Resource())


@pytest.mark.parametrize(
    ("action", "levels"),
    [
        (Action.OVERSEE, {Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
        (Action.RECTIFY, {Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
        (Action.SUSPEND, {Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
        (Action.ASSESS, {Level.PREFECTURE, Level.PROVINCE}),
        (Action.REINSTATE, {Level.PREFECTURE, Level.PROVINCE}),
        (Action.CERTIFY, {Level.PROVINCE}),
        (Action.REVOKE, {Level.PROVINCE}),
    ],
)
def test_officers_act_at_their_level_and_in_their_chain(action, levels):
    place = {Level.COUNTY: "222403", Level.PREFECTURE: "222400", Level.PROVINCE: "220000"}
    here = Resource(institution_id=new_id(), jurisdictions=tuple(place.values()))
    for level in Level:
        assert can(principal(Kind.OFFICER, level=level, jurisdiction=place[level]), action, here) == (level in levels)
        assert not can(principal(Kind.OFFICER, level=level, jurisdiction="220500"), action, here)


def test_every_action_has_a_row():
    assert set(GRANTS) == set(Action)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("＋８６１３８００１３８０００", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("0431-88888888", "+8643188888888"),
        ("10086", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_people_write_them(written, read):
    assert e164(written) == read


@pytest.mark.parametrize(
    ("requested", "granted"),
    [(None, ("read",)), ("read", ("read",)), ("read read", ("read",)), ("write", None), ("", None), ("admin", None)],
)
def test_a_token_never_has_more_scope_than_its_client(requested, granted):
    assert granted_scopes(requested, allowed=(Scope.READ,)) == granted
