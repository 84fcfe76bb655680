"""Loopback ports that stay the same from one start to the next."""

import errno
import random
import socket
import sys

# Below the range from which Linux takes local ports for outgoing connections, so nothing wanders onto ours.
THROWAWAY = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


class Reservations:
    """Ports that are spoken for between being chosen and being listened on, so that two starting marketplaces differ.

    A name in Linux's abstract socket space is as far-reaching as a port, and goes with the process that holds it.
    Elsewhere two marketplaces that start in the same second may choose the same port, and one of them fails.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """Reserve a port, if it is free and nobody else has."""
        if not is_free(port):
            return False
        if sys.platform.startswith("linux"):
            name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                name.bind(f"\0houniao-port-{port}")
            except OSError:
                name.close()
                return False
            self._held.append(name)
        return True

    def take_next(self, preferred: int) -> int:
        """Reserve the preferred port, or the nearest one above it that can be had."""
        for port in range(preferred, 65_536):
            if self.take(port):
                return port
        raise OSError(errno.EADDRINUSE, f"no port from {preferred} upwards is free")

    def release(self) -> None:
        """Give every port back."""
        while self._held:
            self._held.pop().close()


def throwaway() -> int:
    """Return a free port for a server that nobody needs to find again."""
    while True:
        # Chance only keeps two test sessions from racing for the same port.
        port = random.choice(THROWAWAY)  # noqa: S311
        if is_free(port):
            return port
