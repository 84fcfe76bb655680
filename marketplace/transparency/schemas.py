"""The log on the wire: hashes in hex, a checkpoint as the text that was signed."""

from datetime import date, datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.transparency.queries import PublishedCheckpoint

_HASH = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", examples=[_HASH])]
Size = Annotated[int, Meta(ge=1, examples=[1024])]
Note = Annotated[
    str,
    Meta(examples=["houniao.example/audit\n1024\nXcnaeacGWamtVZy3Ad7Zoqudgjqt\n\n— houniao.example/audit 4pQx\n"]),
]


class CheckpointView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint. Keep ``note``: with it anyone can later show that the log was rewritten.

    It is a C2SP signed note, which one of ``verifier_keys`` verifies; retired keys stay in the list.
    """

    origin: Annotated[str, Meta(examples=["houniao.example/audit"])]
    size: Size
    root_hash: Hash
    note: Note
    verifier_keys: Annotated[list[str], Meta(examples=[["houniao.example/audit+5f1dc0de+AdXm0q2FcN4="]])]
    signed_at: datetime


class DailyCheckpointView(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint that was handed out for a day, as partners and officers have had it since."""

    published_on: Annotated[date, Meta(examples=["2027-05-02"])]
    size: Size
    root_hash: Hash
    note: Note
    signed_at: datetime

    @classmethod
    def of(cls, found: PublishedCheckpoint) -> Self:
        """Show a checkpoint of a day."""
        return cls(
            published_on=found.published_on,
            size=found.size,
            root_hash=found.root.hex(),
            note=found.note,
            signed_at=found.signed_at,
        )


class InclusionView(msgspec.Struct, frozen=True, kw_only=True):
    """The proof (RFC 9162 §2.1.3) that a leaf is in the tree of a size."""

    leaf_index: Annotated[int, Meta(ge=0, examples=[42])]
    size: Size
    proof: Annotated[list[Hash], Meta(examples=[[_HASH]])]


class ConsistencyView(msgspec.Struct, frozen=True, kw_only=True):
    """The proof (RFC 9162 §2.1.4) that the tree of ``second`` leaves begins with that of ``first``."""

    first: Size
    second: Size
    proof: Annotated[list[Hash], Meta(examples=[[_HASH]])]
