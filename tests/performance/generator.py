"""The load generator: a process of its own, standard library only, so that it takes little from what it measures.

Kept-alive HTTP/1.1 written by hand over non-blocking sockets. Closed loop: each client sends its next request when the
last is answered. Open loop (``rate``): requests fall due by the clock whether or not the system keeps up, and their
latency counts from when they were due. Reads a pickled job from standard input and writes a pickled result.
"""

import pickle
import selectors
import socket
import sys
import time
from collections import deque
from typing import Any


class Client:
    """One kept-alive connection."""

    def __init__(self, address: tuple[str, int], source: str) -> None:
        self.address, self.source = address, source
        self.number = -1
        self.began = 0.0
        self.received = b""
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=5, source_address=(self.source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, number: int, request: bytes, *, began: float) -> None:
        self.number, self.began, self.received = number, began, b""
        self.socket.sendall(request)

    def answer(self) -> tuple[int, bytes] | None:
        """Return status and body once the answer is whole; status 0 is a connection that was closed on us."""
        part = self.socket.recv(1 << 18)
        if not part:
            return 0, b""
        self.received += part
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        status = int(head[9:12])
        _, _, length = head.lower().partition(b"\r\ncontent-length:")
        missing = int(length.split(b"\r\n", 1)[0]) - len(body) if length and status != 304 else 0
        return (status, body) if missing <= 0 else None


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Send the job's requests; returns ``answers`` of (number, status, latency in s, body) and the time it took."""
    requests, rate, keep = job["requests"], job["rate"], job["keep_bodies"]
    clients = [Client(job["address"], f"{job['network']}.{i + 1}") for i in range(job["clients"])]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    idle, answers, sent = deque(clients), [], 0
    start = time.perf_counter()
    stop_sending, give_up = start + job["seconds"], start + job["seconds"] + 30
    while True:
        now = time.perf_counter()
        while idle and sent < len(requests) and now < stop_sending:
            due = start + sent / rate if rate else now
            if due > now:
                break
            idle.popleft().send(sent, requests[sent], began=due if rate else time.perf_counter())
            sent += 1
        waiting = len(clients) - len(idle)
        finished = sent == len(requests) or now >= stop_sending
        if (finished and not waiting) or now > give_up:
            break
        next_due = start + sent / rate - now if rate and sent < len(requests) and idle else 1.0
        for key, _ in selector.select(max(0.0, min(next_due, 1.0))):
            client = key.data
            answer = client.answer()
            if answer is None:
                continue
            status, body = answer
            answers.append((client.number, status, time.perf_counter() - client.began, body if keep else b""))
            if status == 0:
                selector.unregister(client.socket)
                client.connect()
                selector.register(client.socket, selectors.EVENT_READ, client)
            idle.append(client)
    return {
        "answers": answers,
        "elapsed_s": time.perf_counter() - start,
        "unanswered_count": sent - len(answers),
        "cpu_s": time.process_time(),
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(run(pickle.load(sys.stdin.buffer))))
