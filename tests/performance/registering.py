"""The public register as its mirrors use it: walked page by page, followed change by change, exported at once."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.performance.machine import Machine

PAGE = 100
CHUNK = 65_536


def measure(machine: Machine) -> dict[str, Any]:
    """Read everything in each way; ``rss_growth_mb`` is how much the API grew at most while it was sending."""
    # The first reading loads what every later one uses.
    _export(machine, "/v1/register.ndjson")
    return {
        "list": _walk(machine, "/v1/register", "cursor", more="next_cursor"),
        "changes": _walk(machine, "/v1/changes", "after", more="has_more"),
        "ndjson": _export(machine, "/v1/register.ndjson"),
        "csv": _export(machine, "/v1/register.csv"),
    }


def _walk(machine: Machine, path: str, name: str, *, more: str) -> dict[str, Any]:
    began, items, times = time.perf_counter(), 0, []
    before = most = machine.memory_mb("api")
    target = f"{path}?limit={PAGE}"
    while True:
        asked = time.perf_counter()
        page = json.loads(b"".join(_get(machine, target)))
        times.append((time.perf_counter() - asked) * 1000)
        items += len(page["items"])
        most = max(most, machine.memory_mb("api"))
        if not page[more]:
            break
        target = f"{path}?limit={PAGE}&{name}={page['next_cursor']}"
    return {
        "items": items,
        "seconds": round(time.perf_counter() - began, 2),
        "page_p50_ms": round(sorted(times)[len(times) // 2], 1),
        "page_max_ms": round(max(times), 1),
        "rss_growth_mb": round(most - before, 1),
    }


def _export(machine: Machine, path: str) -> dict[str, Any]:
    began, size, lines, first_ms = time.perf_counter(), 0, 0, 0.0
    before = most = machine.memory_mb("api")
    for chunk in _get(machine, path):
        first_ms = first_ms or (time.perf_counter() - began) * 1000
        size, lines = size + len(chunk), lines + chunk.count(b"\n")
        most = max(most, machine.memory_mb("api"))
    return {
        "lines": lines,
        "seconds": round(time.perf_counter() - began, 2),
        "first_byte_ms": round(first_ms, 1),
        "mb": round(size / 2**20, 2),
        "rss_growth_mb": round(most - before, 1),
    }


def _get(machine: Machine, target: str) -> Iterator[bytes]:
    connection = http.client.HTTPConnection(*machine.address, timeout=60)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{target} answered {answer.status}")
        while chunk := answer.read1(CHUNK):
            yield chunk
    finally:
        connection.close()
