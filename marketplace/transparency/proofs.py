"""An event and the proof that it is in the log, in one bundle that can be checked anywhere."""

from uuid import UUID

import msgspec

from marketplace.transparency import queries
from marketplace.transparency.rules import written


class Bundle(msgspec.Struct, frozen=True):
    """``leaf`` is what is hashed; ``proof`` leads from its hash to the root in ``checkpoint``. Hashes are in hex."""

    leaf: str
    leaf_index: int
    leaf_hash: str
    proof: list[str]
    checkpoint: str


async def prove(event_id: UUID) -> Bundle:
    """Return an event's bundle for the newest checkpoint. Refuses: NotFound, Invalid when it was signed too early."""
    checkpoint = await queries.latest()
    leaf = await queries.leaf_of_event(event_id)
    proof = await queries.inclusion(index=leaf.position, tree_size=checkpoint.size)
    text = written(await queries.event(event_id)).decode()
    return Bundle(text, leaf.position, leaf.hash.hex(), [step.hex() for step in proof], checkpoint.note)
