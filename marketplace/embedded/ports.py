"""Loopback ports that stay the same from one start to the next."""

import errno
import random
import socket

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


def next_free(preferred: int) -> int:
    """Return the preferred port, or the nearest free one above it."""
    for port in range(preferred, 65_536):
        if is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no port from {preferred} upwards is free")


def throwaway() -> int:
    """Return a free port for a server that nobody needs to find again."""
    # Chance only keeps two test sessions from racing for the same port.
    return next_free(random.choice(THROWAWAY))  # noqa: S311
