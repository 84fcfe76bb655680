"""A PostgreSQL of our own on this machine: `start(data_dir)` gives a server that ends with us and never loses a commit.

TCP on loopback only: a Unix socket would limit the length of paths, and its folder would need permissions of its own.
Every local user can reach a TCP port, so the password is random and kept inside the cluster, where only its owner reads.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from marketplace.embedded import binaries, ports, processes
from marketplace.embedded.errors import PortTaken, PostgresUnavailable
from marketplace.embedded.privileges import OrdinaryUser, ordinary_user

ROLE = "houniao"
APP_LOGIN = "houniao_app"
DATABASE = "houniao"
MEMORY_SECONDS = 10.0
READY_SECONDS = 120.0  # Crash recovery replays the log first; a live postmaster is never given up earlier.
FAST_SHUTDOWN = (signal.SIGINT, 10.0)
IMMEDIATE_SHUTDOWN = (signal.SIGQUIT, 5.0)

# With the locale "C", which is what containers have, pg_trgm finds no trigrams in Chinese text and says nothing about it.
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
# A random password of 24 bytes cannot be guessed however cheap a guess is; the usual 4096 rounds of hashing would be more
# than half of what it takes to open a connection.
PASSWORDS = {"scram_iterations": "1"}
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath}


@dataclass(frozen=True, kw_only=True)
class Server(processes.Server):
    """A running PostgreSQL, with one empty database and a role that owns everything in it."""

    @property
    def url(self) -> str:
        """The address that goes into DATABASE_URL."""
        return self.url_of(DATABASE)

    def app_url(self, password: str) -> str:
        """Return the address for the application, whose login the migrations make: it owns nothing."""
        return f"postgresql://{APP_LOGIN}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def url_of(self, database: str) -> str:
        """Return the address of another database on this server."""
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """End every connection, write a checkpoint and stop; at most 15 s."""
        self.child.stop(FAST_SHUTDOWN, IMMEDIATE_SHUTDOWN)


def start(data_dir: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None) -> Server:
    """Start PostgreSQL on a data folder, making it on the first call; returns when connections are accepted.

    `port=None` takes any free one. `durable=False` trades safety against a power cut for speed: only for throw-away data.
    A server that an earlier, killed parent left on this folder is waited for or ended first.

    Refuses: BinaryMissing; RootRefused; PortTaken; PostgresUnavailable with the end of its log.
    """
    data_dir = data_dir.absolute()
    log = log or data_dir.with_name(data_dir.name + ".log")
    user = ordinary_user()
    if not (data_dir / "PG_VERSION").exists():
        initialise(data_dir, user=user, durable=durable, log=log)
    check_owner(data_dir, user)
    end_leftover(data_dir)
    if port is not None and not ports.is_free(port):
        raise PortTaken(f"port {port} is taken", remedy="stop what listens there, or give PostgreSQL another port")
    return launch(data_dir, user=user, port=port or ports.throwaway(), durable=durable, log=log)


def initialise(data_dir: Path, *, user: OrdinaryUser, durable: bool, log: Path) -> None:
    """Make a cluster beside its place and move it there whole, so that an interrupted start leaves none that is half-made."""
    fresh = data_dir.with_name(data_dir.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    password_file = data_dir.with_name(data_dir.name + ".password")
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_hex(24))
    for path in (fresh, password_file):
        user.give(path)
    sync = [] if durable else ["--no-sync"]
    run(
        "initdb", "-D", str(fresh), f"--username={ROLE}", f"--pwfile={password_file}",
        "--auth=scram-sha-256", *(f"--set={name}={value}" for name, value in PASSWORDS.items()), *LOCALE, *sync,
        user=user, log=log,
    )  # fmt: skip
    run(
        "postgres", "--single", "-D", str(fresh), *([] if durable else ["-F"]), "template1",
        user=user, log=log, stdin=f"CREATE DATABASE {DATABASE}\n",
    )  # fmt: skip
    password_file.replace(fresh / "password")
    fresh.replace(data_dir)


def run(program: str, *arguments: str, user: OrdinaryUser, log: Path, stdin: str = "") -> None:
    """Run a PostgreSQL program to its end."""
    with processes.open_log(log) as output:
        ended = subprocess.run(
            [*user.prefix, binaries.postgres(program), *arguments],
            user=user.become or None,
            group=user.group,
            extra_groups=[] if user.become else None,
            env=ENVIRONMENT,
            cwd="/",
            input=stdin.encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise unavailable(f"{program} ended with {ended.returncode}", log, remedy="read the lines above")


def check_owner(data_dir: Path, user: OrdinaryUser) -> None:
    """Name the one mistake that PostgreSQL reports least clearly: the folder was made by another user."""
    owner = data_dir.stat().st_uid
    if not user.become and owner != os.geteuid():
        raise PostgresUnavailable(
            f"{data_dir} belongs to user {owner}, and this is user {os.geteuid()}",
            remedy="start as the same user as the first time, or remove the folder to begin again",
        )


def end_leftover(data_dir: Path) -> None:
    """Wait for, or end, a server that a killed parent left on this folder, and forget a lock that nobody holds.

    PostgreSQL itself trusts any process with the recorded id, and after a restart of the machine or container that may be
    a stranger, or a dead child that nobody has collected. Forgetting the lock is safe: backends that are still running are
    found by their shared memory, whose key comes from the folder itself.
    """
    lock = data_dir / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        steps = (FAST_SHUTDOWN, IMMEDIATE_SHUTDOWN, (signal.SIGKILL, 5.0))
        if processes.works_in(pid, data_dir) and not processes.end(pid, *steps):
            raise PostgresUnavailable(f"process {pid} still holds {data_dir}", remedy=f"end process {pid} by hand")
        lock.unlink()


def launch(data_dir: Path, *, user: OrdinaryUser, port: int, durable: bool, log: Path) -> Server:
    """Start the postmaster, and again while the last backends of a killed one still hold its memory."""
    argv = [*user.prefix, binaries.postgres("postgres"), "-D", str(data_dir), *settings(port, durable=durable)]
    complaint = ""

    def try_once() -> processes.Child | None:
        nonlocal complaint
        child = processes.spawn(
            "postgres",
            argv,
            log=log,
            env=ENVIRONMENT,
            cwd=Path("/"),
            on_parent_death=signal.SIGINT,
            user=user.become,
        )
        if processes.settle(
            child, lambda: is_ready(data_dir, child.pid), READY_SECONDS, FAST_SHUTDOWN, IMMEDIATE_SHUTDOWN
        ):
            return child
        complaint = child.last_words()
        return None

    child = try_once()
    deadline = time.monotonic() + MEMORY_SECONDS
    while child is None and "pre-existing shared memory block" in complaint and time.monotonic() < deadline:
        time.sleep(0.1)
        child = try_once()
    if child is None:
        raise unavailable("PostgreSQL did not start", log, remedy=advice(complaint))
    return Server(child=child, port=port, password=(data_dir / "password").read_text(), data_dir=data_dir)


def settings(port: int, *, durable: bool) -> list[str]:
    """Return the settings as arguments: they belong to this start, not to the data."""
    chosen = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        **PASSWORDS,
    }
    shared_memory = Path("/dev/shm")  # noqa: S108
    if shared_memory.exists() and shutil.disk_usage(shared_memory).total < 512 * 1024 * 1024:
        # Containers often get 64 MB there, too little for one parallel query.
        chosen["dynamic_shared_memory_type"] = "mmap"
    if durable:
        # Sixteen million nights do not fit into PostgreSQL's modest default; what is not used of it costs nothing.
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        chosen["shared_buffers"] = f"{min(1024, memory_mb // 8)}MB"
    else:
        chosen |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # What nobody replays is not logged, and what is thrown away is not tidied: a database is cloned in a third of the time.
        chosen |= {"wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


def is_ready(data_dir: Path, pid: int) -> bool:
    """Read the postmaster's own word for it, as pg_ctl does: its process id and "ready" in the lock file."""
    with suppress(FileNotFoundError, IndexError):
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
        return lines[0] == str(pid) and lines[7].strip() == "ready"
    return False


def advice(complaint: str) -> str:
    """Say what to do about the failures that people meet."""
    if "could not access directory" in complaint or "Permission denied" in complaint:
        return (
            "move the checkout where an ordinary user can read it, or set DATABASE_URL to a server that runs elsewhere"
        )
    if "initialized by PostgreSQL version" in complaint:
        return "the data is of another PostgreSQL version: `marketplace reset` begins again with an empty one"
    if "No space left" in complaint:
        return "free some disk space"
    return "read the lines above; `marketplace doctor` checks the machine"


def unavailable(what: str, log: Path, *, remedy: str) -> PostgresUnavailable:
    """Return the refusal with the lines of the log that explain it."""
    return PostgresUnavailable(f"{what}; the end of {log}:\n{processes.tail(log)}", remedy=remedy)
