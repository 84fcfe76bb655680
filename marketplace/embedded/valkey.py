"""A Valkey of our own on this machine: `start(data_dir)` gives a server that ends with us and keeps what it acknowledged."""

import os
import secrets
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from marketplace.embedded import binaries, ports, processes
from marketplace.embedded.errors import PortTaken, ValkeyUnavailable

READY_SECONDS = 60.0
SHUTDOWN = (signal.SIGTERM, 10.0)


@dataclass(frozen=True, kw_only=True)
class Server(processes.Server):
    """A running Valkey."""

    @property
    def url(self) -> str:
        """The address that goes into REDIS_URL."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """Return the address of another numbered database on this server (0 to 15)."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Write everything down and stop; at most 10 s."""
        self.child.stop(SHUTDOWN)


def start(data_dir: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None) -> Server:
    """Start Valkey on a data folder, making it on the first call; returns when commands are answered.

    `port=None` takes any free one. `durable=True` hands every command to the system before it is acknowledged and to the
    disk every second: `kill -9` loses nothing, a power cut one second, and what must survive that is in PostgreSQL.
    `durable=False` keeps nothing and is only for throw-away data.
    A server that an earlier, killed parent left on this folder is ended first.

    Refuses: BinaryMissing; PortTaken; ValkeyUnavailable with the end of its log.
    """
    data_dir = data_dir.absolute()
    log = log or data_dir.with_name(data_dir.name + ".log")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    end_leftover(data_dir)
    if port is not None and not ports.is_free(port):
        raise PortTaken(f"port {port} is taken", remedy="stop what listens there, or give Valkey another port")
    port, password = port or ports.throwaway(), password_of(data_dir)
    child = processes.spawn(
        "valkey",
        # The settings go through standard input: a password among the arguments could be read by every local user,
        # and a file would have to quote paths.
        [binaries.valkey(), "-"],
        log=log,
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
        cwd=data_dir,
        stdin=settings(port, password, durable=durable).encode(),
    )
    if not processes.settle(child, lambda: answers(port, password), READY_SECONDS, SHUTDOWN):
        raise ValkeyUnavailable(
            f"Valkey did not start; the end of {log}:\n{processes.tail(log)}",
            remedy="read the lines above, or set REDIS_URL to a server that runs elsewhere",
        )
    return Server(child=child, port=port, password=password, data_dir=data_dir)


def settings(port: int, password: str, *, durable: bool) -> str:
    """Return the configuration, one setting a line; relative names are inside the data folder."""
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "maxmemory-policy noeviction",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "pidfile valkey.pid",
    ]
    return "\n".join(lines) + "\n"


def password_of(data_dir: Path) -> str:
    """Return the server's password, made on the first start and readable only by its owner."""
    file = data_dir / "password"
    if not file.exists():
        fresh = data_dir / "password.new"
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(24))
        fresh.replace(file)
    return file.read_text()


def end_leftover(data_dir: Path) -> None:
    """Wait for, or end, a server that a killed parent left on this folder."""
    with suppress(FileNotFoundError, ValueError):
        pid = int((data_dir / "valkey.pid").read_text())
        if processes.works_in(pid, data_dir) and not processes.end(pid, SHUTDOWN, (signal.SIGKILL, 5.0)):
            raise ValkeyUnavailable(f"process {pid} still holds {data_dir}", remedy=f"end process {pid} by hand")


def answers(port: int, password: str) -> bool:
    """Tell whether the server on this port takes our password and has finished loading its data."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        reply = b""
        while reply.count(b"\r\n") < 2:
            part = connection.recv(256)
            if not part:
                return False
            reply += part
        return reply == b"+OK\r\n+PONG\r\n"
    return False
