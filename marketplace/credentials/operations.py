"""Signing what the register says: certificates and status lists, each at the moment when somebody asks for it."""

from datetime import datetime

from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import shown_grade
from marketplace.credentials import queries
from marketplace.credentials.rules import (
    TOKEN_TYPE,
    StatusList,
    credential,
    encode,
    parse_list_id,
    status_list_credential,
)
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.signing.operations import active
from marketplace.signing.rules import Purpose, SigningKey, did_of, sign

_HEADER = {"typ": TOKEN_TYPE, "cty": "vc"}
# One token of each list is signed per minute and content, and answered to everyone who asks meanwhile.
_signed: dict[str, tuple[tuple[str, str, datetime], str]] = {}


async def issue(number: str, *, public_url: str, now: datetime) -> str:
    """Sign a certificate as it stands: a Verifiable Credential 2.0 as ``vc+jwt``. Refuses: NotFound."""
    found = await queries.certificate(number)
    key = await active(Purpose.CREDENTIAL, now=now)
    issuer = did_of(public_url)
    today = clock.local_date(now)
    grade = shown_grade(found, policy=await policy_on(today), today=today)
    return sign(
        credential(found, grade=grade, issuer=issuer, public_url=public_url), key=key, issuer=issuer, header=_HEADER
    )


async def issue_status_list(list_id: str, *, public_url: str, now: datetime) -> str:
    """Sign a status list as the register stands now, valid for a quarter of an hour. Refuses: NotFound."""
    found = parse_list_id(list_id)
    if found is None:
        raise NotFound
    encoded = encode(await queries.set_indexes(found))
    key = await active(Purpose.CREDENTIAL, now=now)
    since = now.replace(second=0, microsecond=0)
    version = (encoded, key.thumbprint, since)
    held = _signed.get(list_id)
    if held is None or held[0] != version:
        held = (version, _sign_list(found, encoded, key=key, public_url=public_url, since=since))
        _signed[list_id] = held
    return held[1]


def _sign_list(found: StatusList, encoded: str, *, key: SigningKey, public_url: str, since: datetime) -> str:
    issuer = did_of(public_url)
    payload = status_list_credential(found, encoded=encoded, issuer=issuer, public_url=public_url, since=since)
    return sign(payload, key=key, issuer=issuer, header=_HEADER)
