import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from marketplace.embedded import binaries, ports, postgres, privileges, processes
from marketplace.embedded.errors import PortTaken, PostgresUnavailable
from tests.embedded.conftest import query, start_python


@pytest.fixture(scope="module")
def server(awkward):
    started = postgres.start(awkward / "postgres", durable=False)
    yield started
    started.stop()


def test_chinese_is_text_to_it(server):
    assert query(server, "CREATE EXTENSION pg_trgm; SELECT cardinality(show_trgm('温泉')) > 1") == "t"
    locale = "SELECT datlocprovider, datlocale, datctype, pg_encoding_to_char(encoding) FROM pg_database"
    assert query(server, f"{locale} WHERE datname = 'houniao'") == "b|C.UTF-8|C.UTF-8|UTF8"


def test_only_the_password_opens_it(server):
    url = server.url.replace(server.password, "guess")
    refused = subprocess.run(
        [binaries.postgres("psql"), "-c", "SELECT 1", url], check=False, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "password authentication failed" in refused.stderr
    assert (server.data_dir / "password").stat().st_mode & 0o077 == 0


def test_it_listens_on_loopback_and_on_no_socket_file(server):
    assert query(server, "SHOW listen_addresses") == "127.0.0.1"
    assert query(server, "SHOW unix_socket_directories") == ""


def test_it_does_not_run_as_root(server):
    inside = Path(f"/proc/{server.pid}/uid_map").read_text().split()[0]
    outside = Path(f"/proc/{server.pid}").stat().st_uid
    assert outside != 0 or inside == "1000"


def test_throw_away_data_is_fast_and_kept_data_is_safe(server, cluster, tmp_path):
    assert query(server, "SHOW fsync") == "off"
    shutil.copytree(cluster, tmp_path / "kept")
    kept = postgres.start(tmp_path / "kept")
    try:
        assert [query(kept, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [
            "on"
        ] * 3
    finally:
        kept.stop()


def test_a_taken_port_is_refused_and_the_data_stays(server, cluster):
    before = query(server, "SELECT system_identifier FROM pg_control_system()")
    other = server.data_dir.with_name("second")
    shutil.copytree(cluster, other)
    with pytest.raises(PortTaken, match=str(server.port)):
        postgres.start(other, port=server.port, durable=False)
    assert query(server, "SELECT system_identifier FROM pg_control_system()") == before
    started = postgres.start(other, durable=False)
    assert started.port != server.port
    started.stop()


def test_what_was_committed_survives_the_death_of_everything(cluster, tmp_path):
    folder, port = tmp_path / "候鸟 postgres", ports.throwaway()
    shutil.copytree(cluster, folder)
    first = postgres.start(folder, port=port)
    query(first, "CREATE TABLE bookings (id int); INSERT INTO bookings VALUES (1), (2)")
    backends = [int(pid) for pid in query(first, "SELECT pid FROM pg_stat_activity").splitlines()]
    for pid in (first.pid, *backends):
        os.kill(pid, signal.SIGKILL) if processes.alive(pid) else None
    second = postgres.start(folder, port=port)
    try:
        assert second.url == first.url
        assert query(second, "SELECT count(*) FROM bookings") == "2"
        assert "database system was interrupted" in second.log.read_text()
    finally:
        second.stop()
        first.child.popen.wait()


def test_no_server_outlives_a_killed_parent(cluster, tmp_path, supervised):
    shutil.copytree(cluster, tmp_path / "p g")
    code = (
        "import json, signal, sys; from pathlib import Path; from marketplace.embedded import postgres, valkey\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "servers = [postgres.start(folder / 'p g'), valkey.start(folder / '旅 居')]\n"
        "print(json.dumps([server.pid for server in servers]), flush=True); signal.pause()"
    )
    parent = start_python(code)
    supervised.append(parent)
    pids = json.loads(parent.stdout.readline())
    assert all(processes.alive(pid) for pid in pids)
    parent.kill()
    assert processes.wait_until(lambda: not any(processes.alive(pid) for pid in pids), 10)
    assert "database system is shut down" in (tmp_path / "p g.log").read_text()
    assert not (tmp_path / "旅 居" / "valkey.pid").exists()


def test_a_server_that_was_left_behind_makes_way(cluster, tmp_path):
    # Where there is no parent-death signal (macOS), the next start finds the last server still running.
    shutil.copytree(cluster, tmp_path / "postgres")
    left = postgres.start(tmp_path / "postgres", durable=False)
    query(left, "CREATE TABLE kept (id int)")
    next_one = postgres.start(tmp_path / "postgres", durable=False)
    try:
        assert left.poll() == 0
        assert query(next_one, "SELECT count(*) FROM kept") == "0"
    finally:
        next_one.stop()


def test_a_lock_that_names_a_stranger_is_forgotten(cluster, tmp_path):
    shutil.copytree(cluster, tmp_path / "postgres")
    lock = tmp_path / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path / 'postgres'}\n1\n5432\n\n127.0.0.1\n\nready\n")
    started = postgres.start(tmp_path / "postgres", durable=False)
    started.stop()
    assert started.poll() == 0


def test_a_cluster_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "LOCALE", ("--no-such-option",))
    with pytest.raises(PostgresUnavailable, match="initdb ended with 1") as refusal:
        postgres.start(tmp_path / "postgres", durable=False)
    assert "no-such-option" in str(refusal.value)
    assert not (tmp_path / "postgres").exists()
    monkeypatch.undo()
    started = postgres.start(tmp_path / "postgres", durable=False)
    started.stop()
    assert not (tmp_path / "postgres.new").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_without_user_namespaces_becomes_nobody(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:
            parent.chmod(0o755)
    monkeypatch.setattr(postgres, "ordinary_user", privileges.as_nobody)
    started = postgres.start(folder / "as nobody" / "postgres", durable=False)
    try:
        assert Path(f"/proc/{started.pid}").stat().st_uid == privileges.pwd.getpwnam("nobody").pw_uid
        assert query(started, "SELECT 1") == "1"
    finally:
        started.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_named(cluster, tmp_path):
    shutil.copytree(cluster, tmp_path / "postgres")
    os.chown(tmp_path / "postgres", 12345, 12345)
    with pytest.raises(PostgresUnavailable, match="belongs to user 12345"):
        postgres.start(tmp_path / "postgres", durable=False)


def test_other_threads_may_not_start_servers(tmp_path):
    refusals = []

    def try_it():
        with pytest.raises(RuntimeError, match="main thread") as refusal:
            processes.spawn("sleep", ["sleep", "1"], log=tmp_path / "log", env={}, cwd=tmp_path)
        refusals.append(refusal)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert len(refusals) == 1
    assert not (tmp_path / "log").exists()
