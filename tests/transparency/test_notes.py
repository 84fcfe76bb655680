"""Checkpoints as signed notes."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from marketplace.signing.rules import Purpose, generate
from marketplace.transparency.rules import BadNote, Checkpoint, notes_in, opened, origin_of, signed, verifier_key
from tests.certifications.conftest import NOW

KEY = generate(Purpose.CHECKPOINT, now=NOW)
OTHER = generate(Purpose.CHECKPOINT, now=NOW)
FOUND = Checkpoint("houniao.example/audit", 1024, bytes(range(32)))
NOTE = signed(FOUND, private_jwk=KEY.private_jwk)


def test_a_note_is_three_lines_and_a_signature_that_anyone_can_verify() -> None:
    """Verified here by the form of C2SP signed-note alone: name, key id, Ed25519 over the text."""
    text, signature = NOTE.split("\n\n")
    dash, name, mark = signature.rstrip("\n").split(" ")
    name_of_key, key_id, key = verifier_key(FOUND.origin, KEY.public_jwk).split("+", 2)
    raw = base64.b64decode(key)

    assert text == f"houniao.example/audit\n1024\n{base64.b64encode(FOUND.root).decode()}"
    assert (dash, name, name_of_key) == ("\u2014", FOUND.origin, FOUND.origin)
    assert raw[0] == 1
    assert base64.b64decode(mark)[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(base64.b64decode(mark)[4:], f"{text}\n".encode())


def test_a_note_opens_with_its_key_and_with_no_other() -> None:
    assert opened(NOTE, public_jwks=[OTHER.public_jwk, KEY.public_jwk]) == FOUND
    with pytest.raises(BadNote, match="no known key"):
        opened(NOTE, public_jwks=[OTHER.public_jwk])


@pytest.mark.parametrize(
    "altered",
    [
        NOTE.replace("1024", "1023"),
        NOTE.replace("houniao", "heniao", 1),
        NOTE[:-6] + "AAA=\n",
        "",
        "a\n\nb",
        "x\ny\nz\n\n— a",
    ],
)
def test_an_altered_note_does_not_open(altered: str) -> None:
    with pytest.raises(BadNote):
        opened(altered, public_jwks=[KEY.public_jwk])


def test_the_log_is_named_for_its_address() -> None:
    assert origin_of("https://houniao.example") == "houniao.example/audit"


def test_checkpoints_are_found_in_whatever_somebody_kept() -> None:
    later = signed(Checkpoint("houniao.example/audit", 2048, bytes(32)), private_jwk=OTHER.private_jwk)
    answer = json.dumps({"items": [{"note": NOTE}, {"note": later}], "next_cursor": None})
    mail = f"请留存本邮件。\r\n\r\n{NOTE}\n\nKeep this mail.\n\n{NOTE}".replace("\n", "\r\n").replace("\r\r", "\r")

    assert notes_in(NOTE) == [NOTE]
    assert notes_in(NOTE + "\n" + later) == [NOTE, later]
    assert notes_in(answer) == [NOTE, later]
    assert notes_in(mail) == [NOTE, NOTE]
    assert notes_in("nothing of the kind") == notes_in("") == notes_in("{}") == []
