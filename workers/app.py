"""The Celery application. Valkey carries nudges only: what must be done stands in PostgreSQL, in the outbox."""

from logging import getLogger
from typing import Any

from celery import Celery, signals

from marketplace.kit import logging
from marketplace.settings import settings
from workers import bridge

QUEUE = "marketplace"
TASK_SECONDS_MAX = 120

app = Celery("marketplace", include=["workers.tasks"])
app.conf.update(
    broker_url=settings().redis_url,
    # A task is acknowledged when it is done, so that the end of a worker gives it back; every task may run twice.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    worker_prefetch_multiplier=1,
    # Kombu looks for lost messages every interval x throttle; its defaults make that 100 s after the time-out below.
    broker_transport_options={
        "visibility_timeout": 600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Who sends finds out quickly that the broker is away; who consumes waits for it without end (see below).
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 15,
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A nudge that cannot be sent is not worth waiting for: the row stays due and is sent with the next look.
    task_publish_retry=False,
    task_soft_time_limit=TASK_SECONDS_MAX - 10,
    task_time_limit=TASK_SECONDS_MAX,
    worker_proc_alive_timeout=30,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Flower and `celery events` show what the workers do.
    worker_send_task_events=True,
    task_send_sent_event=True,
    task_default_queue=QUEUE,
    task_serializer="json",
    accept_content=["json"],
    event_serializer="json",
    enable_utc=True,
    timezone="Asia/Shanghai",
    worker_redirect_stdouts=False,
    # Several beats may run: the one that holds the lock sends, another follows within about 12 s of its death.
    beat_scheduler="workers.beat:Scheduler",
    beat_max_loop_interval=2,
    redbeat_redis_url=settings().redis_url,
    redbeat_redis_options={"socket_timeout": 5, "socket_connect_timeout": 3},
    redbeat_key_prefix="marketplace:beat:",
    redbeat_lock_timeout=10,
)


@signals.setup_logging.connect  # Connecting it keeps Celery from configuring logs of its own.
def _log(**_: Any) -> None:
    logging.configure(settings())
    # A line for every task sent, received and done, besides the one that says what was done, would be most of the log.
    for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
        getLogger(name).setLevel("WARNING")


@signals.worker_process_init.connect
def _begin(**_: Any) -> None:
    """Open a child's loop and connections before its first task; nothing open is ever carried through a fork."""
    bridge.open_loop()


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def _end(**_: Any) -> None:
    bridge.close_loop()
