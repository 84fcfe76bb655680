from uuid import UUID

import pytest

from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id, parse, wire


def test_ids_are_uuid7_and_sort_by_creation() -> None:
    made = [new_id() for _ in range(200)]

    assert {found.version for found in made} == {7}
    assert {found.variant for found in made} == {"specified in RFC 4122"}
    assert len(set(made)) == 200
    assert made == sorted(made)


def test_the_prefix_says_what_an_id_names() -> None:
    found = UUID("0192f0c1-0000-7000-8000-000000000001")

    assert wire("bkg", found) == "bkg_0192f0c1000070008000000000000001"
    assert parse("bkg", wire("bkg", found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bkg",
        "bkg_",
        "bkg_1",
        "ins_0192f0c1000070008000000000000001",
        "bkg_zz92f0c1000070008000000000000001",
        "bkg_0192F0C1000070008000000000000001",
        "bkg_+192f0c1000070008000000000000001",
        "bkg_0_92f0c1000070008000000000000001",
        "bkg_0192f0c1000070008000000000000001\n",
    ],
)
def test_a_malformed_or_foreign_id_is_simply_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        parse("bkg", text)
