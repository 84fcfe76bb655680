import os
import signal
import socket
from pathlib import Path

import pytest
import redis

from marketplace.embedded import ports, valkey
from marketplace.embedded.errors import PortTaken, ValkeyUnavailable


@pytest.fixture(scope="module")
def server(awkward):
    started = valkey.start(awkward / "valkey", durable=False)
    yield started
    started.stop()


def test_only_the_password_opens_it_and_nobody_sees_it(server):
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    assert valkey.answers(server.port, server.password)
    assert not valkey.answers(server.port, "guess")
    assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    assert (server.data_dir / "password").stat().st_mode & 0o077 == 0


def test_it_never_forgets_to_make_room(server):
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    folder, port = tmp_path / "旅居 valkey", ports.throwaway()
    first = valkey.start(folder, port=port)
    with redis.Redis.from_url(first.url) as client:
        client.rpush("queue", "one", "two")
    os.kill(first.pid, signal.SIGKILL)
    second = valkey.start(folder, port=port)
    try:
        assert second.url == first.url
        with redis.Redis.from_url(second.url) as client:
            assert client.lrange("queue", 0, -1) == [b"one", b"two"]
    finally:
        second.stop()
        first.child.popen.wait()


def test_a_server_that_was_left_behind_makes_way(tmp_path):
    left = valkey.start(tmp_path / "valkey")
    next_one = valkey.start(tmp_path / "valkey")
    assert left.poll() == 0
    next_one.stop()


def test_a_taken_port_is_refused(server, tmp_path):
    with pytest.raises(PortTaken, match=str(server.port)):
        valkey.start(tmp_path / "valkey", port=server.port)
    assert valkey.answers(server.port, server.password)


def test_a_failed_start_says_what_valkey_said(tmp_path):
    valkey.start(tmp_path / "valkey").stop()
    log = next((tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof"))
    log.write_bytes(b"*3\r\n$3\r\nthis is no log\r\n")
    with pytest.raises(ValkeyUnavailable, match="Bad file format"):
        valkey.start(tmp_path / "valkey")
