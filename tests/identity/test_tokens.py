import base64
import hmac
import warnings
from datetime import timedelta

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from marketplace.identity import operations, queries
from marketplace.identity.rules import Scope
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.http.limits import SIGN_IN
from marketplace.kit.ids import new_id, wire
from marketplace.settings import settings

SECRET = "sandbox-secret-0123456789-abcdefghij"
TOKEN = "/oauth/token"
AUDIENCE = "http://127.0.0.1:8000/oauth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT = {"grant_type": "client_credentials"}


def basic(client_id, secret=SECRET):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.fixture
def client_id(partner_id):
    return operations.client_id(partner_id)


@pytest.fixture
def key():
    return ECKey.generate_key("P-256", {"kid": "2027-1"})


@pytest.fixture
async def signer(key, now):
    """A partner known only by its public key; signs assertions with sensible claims unless told otherwise."""
    partner_id = await operations.register_partner(
        actor=SYSTEM, name="银发假期（示例）", keys={"keys": [key.as_dict(private=False)]}, now=now
    )
    client_id = operations.client_id(partner_id)

    def sign(with_key=key, alg="ES256", **changes):
        seconds = int(clock.now().timestamp())
        claims = {"iss": client_id, "sub": client_id, "aud": AUDIENCE, "exp": seconds + 60, "jti": new_id().hex}
        claims |= changes
        return jwt.encode({"alg": alg, "kid": with_key.kid}, claims, with_key, algorithms=[alg])

    sign.client_id = client_id
    return sign


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def present(client, assertion, **more):
    form = GRANT | {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion} | more
    return await client.post(TOKEN, data=form)


async def test_a_secret_by_basic_opens_an_hour(client, client_id, bearer):
    answer = await client.post(TOKEN, data=GRANT, headers=basic(client_id))

    assert answer.status_code == 200
    token = answer.json()
    assert {name: token[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read write",
    }
    assert answer.headers["cache-control"] == "no-store"
    current = await client.get("/v1/sessions/current", headers=bearer({"token": token["access_token"]}))
    assert current.json()["principal"]["kind"] == "partner"
    assert current.json()["principal"]["id"] == client_id
    clock.travel(timedelta(hours=1))
    current = await client.get("/v1/sessions/current", headers=bearer({"token": token["access_token"]}))
    assert current.status_code == 401


async def test_a_secret_in_the_form_works_too_and_unknown_parameters_are_ignored(client, client_id):
    form = GRANT | {"client_id": client_id, "client_secret": SECRET, "audience": "whatever"}

    assert (await client.post(TOKEN, data=form)).status_code == 200


async def test_a_narrower_scope_is_granted_and_enforced(client, client_id, now):
    answer = await client.post(TOKEN, data=GRANT | {"scope": "read"}, headers=basic(client_id))

    assert answer.json()["scope"] == "read"
    live = await queries.live_session(token=answer.json()["access_token"], now=clock.now())
    assert live.principal.scopes == (Scope.READ,)


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({}, {}, 400, "invalid_request"),
        ({"grant_type": ""}, {}, 400, "invalid_request"),
        ({"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, {}, 400, "invalid_request"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic !!!"}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Bearer abc"}, 401, "invalid_client"),
        (GRANT, basic("ptn_" + "0" * 32), 401, "invalid_client"),
        (GRANT, basic("not an id"), 401, "invalid_client"),
        (GRANT | {"client_id": "x", "client_secret": "y"}, basic("x"), 400, "invalid_request"),
        (GRANT | {"client_assertion": "x"}, {}, 400, "invalid_request"),
        (GRANT | {"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE}, {}, 401, "invalid_client"),
    ],
)
async def test_refusals_have_the_shape_of_oauth(client, form, headers, status, error):
    answer = await client.post(TOKEN, data=form, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.headers["content-type"] == "application/json"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_a_wrong_secret_or_too_wide_a_scope_is_refused(client, client_id):
    wrong = await client.post(TOKEN, data=GRANT, headers=basic(client_id, "x" * 36))
    wide = await client.post(TOKEN, data=GRANT | {"scope": "read admin"}, headers=basic(client_id))

    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_an_unknown_query_parameter_is_refused_in_the_shape_of_oauth(client, client_id):
    answer = await client.post(f"{TOKEN}?debug=1", data=GRANT, headers=basic(client_id))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_in_production_a_secret_is_no_proof(client, client_id, monkeypatch):
    from marketplace.identity.operations import partners

    real = msgspec.structs.replace(settings(), environment="production")
    monkeypatch.setattr(partners, "settings", lambda: real)

    answer = await client.post(TOKEN, data=GRANT, headers=basic(client_id))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_opens_a_session_once(client, signer, monkeypatch):
    assertion = signer()

    first = await present(client, assertion)
    second = await present(client, assertion)

    assert (first.status_code, first.json()["token_type"]) == (200, "Bearer")
    assert (second.status_code, second.json()["error"]) == (401, "invalid_client")
    assert await fetch_value("SELECT count(*) FROM sessions") == 1


async def test_the_issuer_is_a_good_audience_too_and_a_list_may_hold_it(client, signer):
    for aud in ("http://127.0.0.1:8000", ["https://elsewhere.example", AUDIENCE]):
        assert (await present(client, signer(aud=aud), client_id=signer.client_id)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"iss": "ptn_" + "0" * 32},
        {"sub": "ptn_" + "0" * 32},
        {"exp": 0},
        {"exp": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"iat": 99_999_999_999},
        {"jti": ""},
        {"jti": None},
        {"exp": "soon"},
    ],
)
async def test_an_assertion_with_wrong_claims_is_refused(client, signer, changes):
    answer = await present(client, signer(**changes))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert await fetch_value("SELECT count(*) FROM sessions") == 0
    assert await fetch_value("SELECT count(*) FROM partner_assertions") == 0


async def test_an_assertion_of_another_key_or_no_key_is_refused(client, signer, key):
    stranger = ECKey.generate_key("P-256", {"kid": "2027-1"})
    claims = signer().split(".")[1]
    # Two classic attacks: no signature at all, and HMAC with the public key, which everybody knows, as the secret.
    unsigned = encode(b'{"alg":"none"}') + f".{claims}."
    confused = encode(b'{"alg":"HS256","kid":"2027-1"}') + f".{claims}"
    mac = hmac.digest(key.as_pem(private=False), confused.encode(), "sha256")
    for assertion in (signer(with_key=stranger), unsigned, f"{confused}.{encode(mac)}", "a.b.c", "", "é"):
        answer = await present(client, assertion)
        assert answer.status_code in (400, 401), assertion
        assert answer.json()["error"] in ("invalid_client", "invalid_request")
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_an_assertion_for_another_client_id_is_refused(client, signer, client_id):
    answer = await present(client, signer(), client_id=client_id)

    assert answer.status_code == 401


async def test_ed25519_keys_sign_too(client, now):
    key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    keys = {"keys": [key.as_dict(private=False)]}
    partner_id = await operations.register_partner(actor=SYSTEM, name="北雁（示例）", keys=keys, now=now)
    client_id = operations.client_id(partner_id)
    claims = {"iss": client_id, "sub": client_id, "aud": AUDIENCE, "exp": int(clock.now().timestamp()) + 60}

    assertion = jwt.encode({"alg": "Ed25519"}, claims | {"jti": "1"}, key, algorithms=["Ed25519"])
    assert (await present(client, assertion)).status_code == 200
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old_name = jwt.encode({"alg": "EdDSA"}, claims | {"jti": "2"}, key, algorithms=["EdDSA"])
    assert (await present(client, old_name)).status_code == 200


async def test_only_public_keys_of_the_agreed_curves_are_registered(now):
    private = ECKey.generate_key("P-256").as_dict(private=True)
    other_curve = ECKey.generate_key("P-384").as_dict(private=False)
    for keys in ({"keys": [private]}, {"keys": [other_curve]}, {"keys": []}, {}, {"keys": [{"kty": "oct", "k": "aa"}]}):
        with pytest.raises(Invalid):
            await operations.register_partner(actor=SYSTEM, name="x", keys=keys, now=now)
    for secret in (None, "short"):
        with pytest.raises(Invalid):
            await operations.register_partner(actor=SYSTEM, name="x", secret=secret, now=now)
    assert await fetch_value("SELECT count(*) FROM partners") == 0


async def test_a_partner_that_left_is_refused_at_once(client, client_id, partner_id, now):
    token = (await client.post(TOKEN, data=GRANT, headers=basic(client_id))).json()["access_token"]

    await operations.remove_partner(partner_id=partner_id, actor=SYSTEM, now=now)

    assert await queries.live_session(token=token, now=clock.now()) is None
    assert (await client.post(TOKEN, data=GRANT, headers=basic(client_id))).status_code == 401
    with pytest.raises(NotFound):
        await queries.partner(partner_id=partner_id)


async def test_a_partners_profile(partner_id):
    profile = await queries.partner(partner_id=partner_id)

    assert (profile.id, profile.name, profile.scopes) == (partner_id, "候鸟旅行网（示例）", (Scope.READ, Scope.WRITE))
    assert wire("ptn", partner_id) == operations.client_id(partner_id)


async def test_guesses_are_limited_by_address_whatever_credentials_they_carry(client, client_id):
    """A stranger who writes a new Authorization header each time is still one stranger."""
    for number in range(2 * SIGN_IN.count):
        answer = await client.post(TOKEN, data={}, headers=basic(client_id, f"guess-{number}"))
        if answer.status_code != 400:
            break

    # Not exactly at the limit: the bucket leaks while we knock.
    assert number >= SIGN_IN.count
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1
