import subprocess
import sys

import pytest

from marketplace.kit.absent import absent


def test_what_is_absent_cannot_be_imported_meanwhile_and_can_be_afterwards(tmp_path, monkeypatch):
    (tmp_path / "luxury.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with absent("luxury"), pytest.raises(ImportError):
        import luxury
    import luxury

    assert sys.modules.pop("luxury") is luxury


def test_what_has_been_imported_already_stays():
    import json

    with absent("json"):
        assert sys.modules["json"] is json
    assert sys.modules["json"] is json


def test_no_start_loads_what_nobody_asks_for():
    unasked = {"opentelemetry", "phonenumbers", "pygments", "requests", "rich"}
    code = f"import sys, marketplace.bookings.operations, marketplace.kit.valkey; sys.exit(str({unasked} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert ended.stderr.strip() == "set()"
