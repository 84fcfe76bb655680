"""Changing a key before its year is over: one officer of the province asks, another approves exactly that."""

from datetime import datetime
from uuid import UUID

from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.signing.operations.keys import active, rotate
from marketplace.signing.queries import ROTATIONS, as_rotation
from marketplace.signing.rules import APPROVAL, Purpose, Rotation, RotationStatus, digest_of


async def request_rotation(
    *, purpose: Purpose, compromised: bool, reason: str, actor: Principal, now: datetime
) -> Rotation:
    """Ask for the present key of a purpose to be retired or, when it is compromised, to be withdrawn with all it signed."""
    key = await active(purpose, now=now)
    async with transaction():
        key_id: UUID = await fetch_value("SELECT id FROM signing_keys WHERE thumbprint = $1", key.thumbprint)
        asked = Rotation(
            id=new_id(),
            purpose=purpose,
            compromised=compromised,
            key_id=key_id,
            thumbprint=key.thumbprint,
            reason=reason,
            requested_by=actor.id,
            requested_at=now,
            expires_at=now + APPROVAL,
            payload_hash="",
        )
        await execute(
            "INSERT INTO key_rotations (id, purpose, compromised, key_id, reason, payload_hash, requested_by, requested_at,"
            " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            asked.id,
            asked.purpose,
            asked.compromised,
            asked.key_id,
            asked.reason,
            digest_of(asked),
            asked.requested_by,
            asked.requested_at,
            asked.expires_at,
        )
        await audit.record(
            "signing_key.rotation_requested", actor=actor, subject=key_id, now=now, why=reason, after=asked
        )
        return await _locked(asked.id, now=now)


async def approve_rotation(*, rotation_id: UUID, actor: Principal, now: datetime) -> Rotation:
    """Approve as the second officer; the new key signs from this instant.

    What is carried out is exactly what was asked for: the stored request is hashed again. Lock order: request → key.
    Refuses: NotFound, DecisionNotPending (approved, or the key has been changed since), DecisionExpired,
    SecondOfficerRequired, DecisionAltered.
    """
    async with transaction():
        found = await _locked(rotation_id, now=now)
        if found.status is RotationStatus.EXPIRED:
            raise DecisionExpired
        if found.status is not RotationStatus.PENDING:
            raise DecisionNotPending(decision_status=found.status)
        if found.requested_by == actor.id:
            raise SecondOfficerRequired
        if digest_of(found) != found.payload_hash:
            raise DecisionAltered
        await execute(
            "UPDATE key_rotations SET approved_by = $2, approved_at = $3 WHERE id = $1", found.id, actor.id, now
        )
        await rotate(found.purpose, actor=actor, now=now, compromised=found.compromised)
        return await _locked(found.id, now=now)


async def _locked(rotation_id: UUID, *, now: datetime) -> Rotation:
    row = await fetch_one(f"{ROTATIONS} WHERE r.id = $1 FOR UPDATE OF r", rotation_id)
    if row is None:
        raise NotFound
    return as_rotation(row, now=now)
