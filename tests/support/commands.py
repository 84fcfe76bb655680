"""Commands of `marketplace` as tests run them: in a process like everybody, or here, where nothing is imported again."""

import asyncio
import importlib
import os
import sys
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner
from structlog.testing import capture_logs

from marketplace import commands
from marketplace.cli import cli
from marketplace.kit import clock


async def run(*words: str, **environment: str) -> tuple[int, str, str]:
    """Run a command in a process of its own; returns its exit code, its output and its log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "marketplace.cli", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip
    out, log = await asyncio.wait_for(process.communicate(), timeout=60)
    return process.returncode or 0, out.decode(), log.decode()


async def run_here(*words: str) -> tuple[int, str]:
    """Run a command in the test's own database and with its provider; returns its exit code and its output."""
    loop = asyncio.get_running_loop()

    def in_database(module: str, function: str, *given: Any, at_now: bool = False, **named: Any) -> Any:
        named.pop("with_provider", None)
        called = getattr(importlib.import_module(module), function)
        asked = called(*given, **named, **({"now": clock.now()} if at_now else {}))
        return asyncio.run_coroutine_threadsafe(asked, loop).result(timeout=60)

    # Where nobody has said where the log goes, it would go among what the command prints.
    with patch.object(commands, "in_database", in_database), capture_logs():
        ended = await asyncio.to_thread(CliRunner().invoke, cli, words)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout
