from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from marketplace.kit.crypto import vault
from marketplace.kit.logging import mask


def test_sealed_data_opens_only_in_its_own_place() -> None:
    row = uuid4()
    sealed = vault().seal({"name": "王秀英"}, table="bookings", column="contact", row=row)

    assert "王秀英".encode() not in sealed
    assert vault().open(sealed, table="bookings", column="contact", row=row) == {"name": "王秀英"}
    for place in (
        {"table": "bookings", "column": "guests", "row": row},
        {"table": "messages", "column": "contact", "row": row},
        {"table": "bookings", "column": "contact", "row": uuid4()},
    ):
        with pytest.raises(InvalidTag):
            vault().open(sealed, **place)


def test_tampering_is_noticed() -> None:
    row = uuid4()
    sealed = bytearray(vault().seal("secret", table="t", column="c", row=row))
    sealed[-1] ^= 1

    with pytest.raises(InvalidTag):
        vault().open(bytes(sealed), table="t", column="c", row=row)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call +8613800138000 now", "call +86138****8000 now"),
        ("call 13800138000", "call 138****8000"),
        ("id 11010519491231002X", "id 110105********002X"),
        ("mail wang@example.com", "mail w***@example.com"),
        ("amount 428000 fen", "amount 428000 fen"),
        ("done in 0.019966123456784185s", "done in 0.019966123456784185s"),
    ],
)
def test_personal_data_is_masked_in_logs(text: str, masked: str) -> None:
    assert mask(text) == masked
