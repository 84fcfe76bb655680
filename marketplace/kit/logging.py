"""Logs: structlog, JSON in production and readable in development, with personal data masked whoever forgets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from marketplace.settings import Settings

_PHONE = re.compile(r"(?<![\d.])((?:\+?86)?1[3-9]\d)\d{4}(\d{4})(?!\d)")
_DOCUMENT = re.compile(r"(?<![\d.])(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")
_EMAIL = re.compile(r"([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*(@[A-Za-z0-9.-]+)")
_SECRET_KEYS = frozenset({"password", "token", "secret", "code", "authorization", "cookie", "client_secret", "phone"})


def mask(text: str) -> str:
    """Hide the middle of phone numbers, identity document numbers and mail addresses."""
    text = _PHONE.sub(r"\1****\2", text)
    text = _DOCUMENT.sub(r"\1********\2", text)
    return _EMAIL.sub(r"\1***\2", text)


def _mask_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name in _SECRET_KEYS:
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = mask(value)
    return event


def configure(found: Settings) -> None:
    """Send every log line, ours and the libraries', through one masked pipeline to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if found.is_production
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(found.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
