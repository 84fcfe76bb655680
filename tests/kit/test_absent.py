import os
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


STARTS = """
import os, sys
from marketplace.app import create_app
from marketplace.settings import settings

create_app()
print(sorted({"attr", "opentelemetry", "phonenumbers", "pydantic", "pygments", "requests", "rich"} & set(sys.modules)))
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1"
settings.cache_clear()
print("OpenTelemetryPlugin" in {type(plugin).__name__ for plugin in create_app().plugins}, flush=True)
os._exit(0)  # The exporter would wait for its collector.
"""


def test_a_start_loads_nothing_that_nobody_asked_for_and_tracing_when_it_is(machine):
    told = {name: value for name, value in os.environ.items() if name != "OTEL_EXPORTER_OTLP_ENDPOINT"}
    ended = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, check=False, text=True, env=told)
    assert ended.stdout.splitlines() == ["[]", "True"], ended.stderr
