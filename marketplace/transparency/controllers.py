"""The log for those who watch it: anyone, no account. Only hashes are told, never what was done or by whom."""

from datetime import date
from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter

from marketplace.kit.errors import NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.settings import settings
from marketplace.signing.queries import published
from marketplace.signing.rules import Purpose
from marketplace.transparency import queries
from marketplace.transparency.rules import origin_of, verifier_key
from marketplace.transparency.schemas import CheckpointView, ConsistencyView, DailyCheckpointView, InclusionView

SIZE_MAX = 2**53
Size = Annotated[int, QueryParameter(ge=1, le=SIZE_MAX, description="A number of leaves.")]


class AuditLog(Controller):
    """Checkpoints and proofs."""

    path = "/v1/audit"
    tags = ("audit",)
    guards = (limited(GENERAL),)

    @get(
        "/checkpoint",
        operation_id="getCheckpoint",
        summary="Read the newest checkpoint · 最新检查点",
        responses=refusals(NotFound),
    )
    async def checkpoint(self) -> CheckpointView:
        """Return the signed size and root of the log of every operation of this service."""
        found = await queries.latest()
        origin = origin_of(settings().public_url)
        keys = await published(Purpose.CHECKPOINT)
        return CheckpointView(
            origin=origin,
            size=found.size,
            root_hash=found.root.hex(),
            note=found.note,
            verifier_keys=[verifier_key(origin, key.public_jwk) for key in keys],
            signed_at=found.signed_at,
        )

    @get(
        "/checkpoints",
        operation_id="listCheckpoints",
        summary="List the checkpoints of days · 每日检查点",
        responses=refusals(BadCursor),
    )
    async def checkpoints(self, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page[DailyCheckpointView]:
        """Return the checkpoint that was handed out each day, the newest first.

        Partners have had it in their feed and officers by mail: what they kept must be here, and
        `marketplace audit verify --against FILE` holds the log against it.
        """
        found = page(
            await queries.list_published(after=decode_cursor(cursor, date), limit=limit),
            limit=limit,
            key=lambda checkpoint: checkpoint.published_on,
        )
        return Page([DailyCheckpointView.of(one) for one in found.items], found.next_cursor)

    @get(
        "/inclusion",
        operation_id="proveInclusion",
        summary="Prove that a leaf is in the log · 包含证明",
        responses=refusals(NotFound),
    )
    async def inclusion(
        self,
        leaf_hash: Annotated[str, QueryParameter(pattern="^[0-9a-f]{64}$", description="The leaf's hash, in hex.")],
        size: Size,
    ) -> InclusionView:
        """Return the proof that a leaf is in the tree of a size, for whoever holds the event and so knows its hash."""
        leaf = await queries.leaf_of_hash(bytes.fromhex(leaf_hash))
        proof = await queries.inclusion(index=leaf.position, tree_size=size)
        return InclusionView(leaf_index=leaf.position, size=size, proof=[step.hex() for step in proof])

    @get("/consistency", operation_id="proveConsistency", summary="Prove that the log only grew · 一致性证明")
    async def consistency(self, first: Size, second: Size) -> ConsistencyView:
        """Return the proof that the log of one size is the beginning of the log of another."""
        proof = await queries.consistency(first=first, second=second)
        return ConsistencyView(first=first, second=second, proof=[step.hex() for step in proof])
