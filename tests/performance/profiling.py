"""Where a request's time goes: the application in this process under cProfile, the database's share as waiting."""

import cProfile
import io
import pstats
import time
from collections.abc import Sequence

from litestar import Litestar

from tests.performance.recording import Request, call

LINES = 70


async def profile(app: Litestar, title: str, requests: Sequence[Request]) -> str:
    """Run requests one after the other, half of them to warm up; returns the functions that took most by themselves."""
    half = len(requests) // 2
    for request in requests[:half]:
        await call(app, request)
    profiler = cProfile.Profile()
    began = time.process_time()
    for request in requests[half:]:
        profiler.enable()
        await call(app, request)
        profiler.disable()
    cpu_ms = (time.process_time() - began) * 1000 / (len(requests) - half)
    out = io.StringIO()
    stats = pstats.Stats(profiler, stream=out).strip_dirs()
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(LINES)
    return f"== {title}: {cpu_ms:.2f} ms CPU a request under the profiler, {len(requests) - half} requests\n{out.getvalue()}"
